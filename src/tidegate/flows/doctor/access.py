"""The least that the role of the warehouse, and whoever runs Tidegate, must be allowed on AWS.

Sources: developer guide, UNLOAD (required permissions), IAM policies for Spectrum; Amazon S3 user guide, actions.
"""

from collections.abc import Mapping, Sequence

from tidegate.config.settings import ConnectorSettings, DataApiSettings, S3Settings, Settings

Policy = Mapping[str, object]

_READ = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
_OBJECTS = ("s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload")
_RULES = "s3:GetLifecycleConfiguration"
_TIERED_OBJECTS = ("s3:GetObjectTagging", "s3:PutObjectTagging", "s3:RestoreObject")
_GLUE = (
    "glue:CreateDatabase",
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:CreateTable",
    "glue:UpdateTable",
    "glue:DeleteTable",
    "glue:GetTable",
    "glue:GetTables",
    "glue:BatchCreatePartition",
    "glue:CreatePartition",
    "glue:DeletePartition",
    "glue:BatchDeletePartition",
    "glue:UpdatePartition",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
)
_DATA_API = (
    "redshift-data:ExecuteStatement",
    "redshift-data:BatchExecuteStatement",
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:CancelStatement",
    "redshift-data:ListStatements",
)


def role_policy(settings: Settings) -> Policy | None:
    """For the IAM role that UNLOAD, COPY and external tables use; None where no cluster writes to S3."""
    lake = settings.lake
    if not isinstance(lake, S3Settings) or not isinstance(settings.warehouse, DataApiSettings | ConnectorSettings):
        return None
    database = settings.glue_database
    return _document(
        _statement("Bucket", _READ, [f"arn:aws:s3:::{lake.bucket}"]),
        _statement("Objects", _OBJECTS, [f"arn:aws:s3:::{lake.bucket}/{lake.prefix}*"]),
        *_key(lake),
        *_exports(settings, _OBJECTS),
        _statement(
            "Catalog",
            _GLUE,
            [
                "arn:aws:glue:*:*:catalog",
                f"arn:aws:glue:*:*:database/{database}",
                f"arn:aws:glue:*:*:table/{database}/*",
            ],
        ),
    )


def caller_policy(settings: Settings) -> Policy | None:
    """For whoever runs Tidegate; None where nothing is on AWS."""
    statements: list[Policy] = []
    if isinstance(lake := settings.lake, S3Settings):
        objects = (*_OBJECTS, "s3:DeleteObject")
        statements += [
            _statement("Bucket", (*_READ, _RULES), [f"arn:aws:s3:::{lake.bucket}"]),
            _statement("Objects", objects, [f"arn:aws:s3:::{lake.bucket}/{lake.prefix}*"]),
            *_key(lake),
            *(_tiers(lake) if any(policy.tiers for policy in settings.policies) else ()),
            *_exports(settings, ("s3:GetObject", "s3:DeleteObject")),
        ]
    warehouse = settings.warehouse
    if isinstance(warehouse, DataApiSettings):
        statements += [_statement("DataApi", _DATA_API, ["*"]), _credentials(warehouse)]
    elif isinstance(warehouse, ConnectorSettings) and warehouse.password is None:
        statements.append(_credentials(warehouse))
    return _document(*statements) if statements else None


def _credentials(warehouse: DataApiSettings | ConnectorSettings) -> Policy:
    if warehouse.secret is not None:
        arn = (
            warehouse.secret
            if warehouse.secret.startswith("arn:")
            else f"arn:aws:secretsmanager:*:*:secret:{warehouse.secret}-*"
        )
        return _statement("Credentials", ["secretsmanager:GetSecretValue"], [arn])
    if warehouse.workgroup is not None:
        return _statement(
            "Credentials", ["redshift-serverless:GetCredentials"], ["arn:aws:redshift-serverless:*:*:workgroup/*"]
        )
    user = warehouse.db_user if isinstance(warehouse, DataApiSettings) else warehouse.user
    action = "redshift:GetClusterCredentials" if user else "redshift:GetClusterCredentialsWithIAM"
    named = f"dbuser:{warehouse.cluster}/{user}" if user else f"dbname:{warehouse.cluster}/{warehouse.database}"
    resources = [
        f"arn:aws:redshift:*:*:{named}",
        f"arn:aws:redshift:*:*:dbname:{warehouse.cluster}/{warehouse.database}",
    ]
    return _statement("Credentials", [action], list(dict.fromkeys(resources)))


def _tiers(lake: S3Settings) -> list[Policy]:
    return [
        _statement("TierRules", ["s3:PutLifecycleConfiguration"], [f"arn:aws:s3:::{lake.bucket}"]),
        _statement("Tiers", _TIERED_OBJECTS, [f"arn:aws:s3:::{lake.bucket}/{lake.prefix}*"]),
    ]


def _exports(settings: Settings, actions: Sequence[str]) -> list[Policy]:
    """Places outside of the lake; an erasure deletes there too."""
    targets = {policy.unload.target.removeprefix("s3://") for policy in settings.policies if policy.unload.target}
    if not targets:
        return []
    buckets = sorted({f"arn:aws:s3:::{target.partition('/')[0]}" for target in targets})
    return [
        _statement("ExportBuckets", _READ, buckets),
        _statement("Exports", actions, [f"arn:aws:s3:::{target}*" for target in sorted(targets)]),
    ]


def _key(lake: S3Settings) -> list[Policy]:
    if lake.kms_key is None:
        return []
    is_arn = lake.kms_key.startswith("arn:")
    name = lake.kms_key if lake.kms_key.startswith("alias/") else f"key/{lake.kms_key}"
    arn = lake.kms_key if is_arn else f"arn:aws:kms:*:*:{name}"
    return [_statement("Key", ["kms:GenerateDataKey", "kms:Decrypt"], [arn])]


def _statement(sid: str, actions: Sequence[str], resources: Sequence[str]) -> Policy:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _document(*statements: Policy) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}

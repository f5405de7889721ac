"""Which warehouse, database and user a request means, checked against what this server offers."""

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.serve.data_api.faults import invalid, not_found

_WORKGROUP_ARN = ":workgroup/"


@dataclass(frozen=True)
class Targets:
    """`workgroup` is both the serverless workgroup and the cluster of this server."""

    workgroup: str
    database: str

    def resolve(self, request: Mapping[str, object]) -> dict[str, str]:
        """What an answer says of the target, by the members' names.

        Raises:
            ApiError: neither or both are named, or there is no such warehouse or database.
        """
        cluster, workgroup = (str(request.get(name, "")) for name in ("ClusterIdentifier", "WorkgroupName"))
        if bool(cluster) == bool(workgroup):
            raise invalid("Either ClusterIdentifier or WorkgroupName must be given, and not both.")
        name = workgroup.rpartition("/")[2] if _WORKGROUP_ARN in workgroup else workgroup or cluster
        if name != self.workgroup:
            raise not_found(f"Redshift endpoint doesn't exist in this region: {name}", name)
        user, secret = (str(request.get(member, "")) for member in ("DbUser", "SecretArn"))
        if workgroup and user:
            raise invalid("DbUser cannot be given with WorkgroupName.")
        if user and secret:
            raise invalid("Only one of DbUser and SecretArn can be given.")
        database = str(request.get("Database", ""))
        if database != self.database:
            raise invalid(f'FATAL: database "{database}" does not exist' if database else "Database must be given.")
        known = {"WorkgroupName": workgroup, "ClusterIdentifier": cluster, "Database": database}
        known |= {"DbUser": user, "SecretArn": secret}
        return {member: value for member, value in known.items() if value}

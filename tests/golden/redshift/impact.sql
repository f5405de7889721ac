-- case: views
SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname NOT IN ('pg_catalog', 'pg_internal', 'pg_automv', 'information_schema');

-- case: materialized views
SELECT BTRIM(schema_name), BTRIM(name) FROM svv_mv_info;

-- case: shared objects
SELECT share_name, object_name FROM svv_datashare_objects WHERE share_type = 'OUTBOUND' AND object_type <> 'schema' AND object_type <> 'function';

-- case: grants of schemas
SELECT namespace_name, relation_name, identity_type, identity_name, admin_option FROM svv_relation_privileges WHERE privilege_type = 'SELECT' AND namespace_name IN ('it''s', 'public', 'sales');

-- case: grants of relations
SELECT namespace_name, relation_name, identity_type, identity_name, admin_option FROM svv_relation_privileges WHERE privilege_type = 'SELECT' AND ((namespace_name = 'public' AND relation_name = 'orders') OR (namespace_name = 'public' AND relation_name = 'orders_all'));

-- case: column grants
SELECT namespace_name, relation_name, column_name, identity_type, identity_name FROM svv_column_privileges WHERE privilege_type = 'SELECT' AND namespace_name IN ('it''s', 'public', 'sales');

-- case: row-level security
SELECT relschema, relname FROM svv_rls_relation WHERE is_rls_on AND relschema IN ('public');

-- case: masking policies
SELECT schema_name, table_name, policy_name, grantee_type, grantee FROM svv_attached_masking_policy WHERE schema_name IN ('public');

-- case: what is shown to us (1)
SELECT usesuper FROM pg_user WHERE usename = CURRENT_USER;

-- case: what is shown to us (2)
SELECT USER_IS_MEMBER_OF(CURRENT_USER, 'sys:secadmin');

-- case: grant to a user
GRANT SELECT ON "public"."orders_all" TO "ann";

-- case: grant to a user who may pass it on
GRANT SELECT ON "public"."orders_all" TO "IAMR:Admin" WITH GRANT OPTION;

-- case: grant to a quoted group
GRANT SELECT ON "public"."orders_all" TO GROUP "the ""others""";

-- case: grant to a role
GRANT SELECT ON "public"."orders_all" TO ROLE "analyst";

-- case: grant to all
GRANT SELECT ON "public"."orders_all" TO PUBLIC;

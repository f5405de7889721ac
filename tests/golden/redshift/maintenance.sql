-- case: vacuum
VACUUM FULL "public"."orders";

-- case: vacuum full
VACUUM FULL "public"."orders";

-- case: vacuum sort only
VACUUM SORT ONLY "public"."orders";

-- case: vacuum delete only
VACUUM DELETE ONLY "public"."orders";

-- case: vacuum reindex
VACUUM REINDEX "public"."orders";

-- case: vacuum recluster
VACUUM RECLUSTER "public"."orders";

-- case: vacuum to a threshold
VACUUM SORT ONLY "public"."orders" TO 100 PERCENT BOOST;

-- case: analyze
ANALYZE "public"."orders";

-- case: analyze columns
ANALYZE "public"."orders" ("order_id", "state");

-- case: analyze predicate columns
ANALYZE "public"."orders" PREDICATE COLUMNS;

-- case: query group
SET query_group TO 'tidegate ''nightly''';

-- case: statement timeout
SET statement_timeout TO 1500;

-- case: everything
SELECT record FROM "tidegate"."log" ORDER BY recorded_at DESC, table_name, number DESC LIMIT 100;

-- case: some of it
SELECT record FROM "tidegate"."log" WHERE table_name IN ('public.orders', 's."it''s"') AND kind IN ('publish', 'hold') AND recorded_at >= '2020-06-01T00:00:00+00:00' AND recorded_at < '2020-07-01T00:00:00+00:00' AND STRPOS(recorded_by, 'o''brien@') > 0 ORDER BY recorded_at DESC, table_name, number DESC LIMIT 7;

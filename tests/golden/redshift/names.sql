-- case: plain
SELECT "note" FROM "public"."orders" WHERE "note" = 'paid';

-- case: folded
SELECT "note" FROM "public"."orders" WHERE "note" = 'Paid';

-- case: reserved words
SELECT "timestamp" FROM "user"."order" WHERE "timestamp" = 'null';

-- case: quotes
SELECT "say ""hi""" FROM "a""b"."c'd" WHERE "say ""hi""" = 'it''s "so"';

-- case: backslashes
SELECT "a\backslash" FROM "public"."c:\temp" WHERE "a\backslash" = '\\N and \\'' and \\\\';

-- case: dots, spaces and line ends
SELECT "a.b c" FROM "x.y"."two
lines" WHERE "a.b c" = 'first
second	tab';

-- case: percent signs, colons and dollars
SELECT "100%" FROM "public"."a$$b" WHERE "100%" = '%s :p $1 $$ ? {x}';

-- case: not ASCII
SELECT "größe" FROM "sélect"."表" WHERE "größe" = '日本語 🜁 ÄÖÜ';

-- case: 127 bytes
SELECT "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééx" FROM "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"."ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt" WHERE "éééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééx" = '';

-- case: comment end in a value
SELECT "*/" FROM "public"."--x" WHERE "*/" = '*/ -- /* ;';

-- case: temporary table
SELECT "note" FROM "stage_7" WHERE "note" = 'x';

-- case: comment
/* tidegate 01J0ARCHIVE unload */
SELECT 1;

-- case: comment that would close
/* tidegate a/; DROP TABLE x; / b -- c */
SELECT 1;

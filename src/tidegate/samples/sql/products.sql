-- 480 products; each has one to four prices, one after the other, changed on the first day of a month.

CREATE MACRO priced_like_a_shop(cents) AS CASE WHEN cents < 1000 THEN cents ELSE cents // 100 * 100 + 99 END;
CREATE MACRO repriced(cents, draw) AS priced_like_a_shop(greatest(1, cents * (93 + below(draw, 24)) // 100));

CREATE TABLE all_products AS
WITH named AS (
    SELECT p AS product_id, kinds[1 + p // 12 % 8] || ' ' || things[1 + p // 96 % 5] AS name, category,
           priced_like_a_shop(cents[1 + p // 96 % 5] * (100 + below(product_draw(p, 1), 150)) // 100) AS first_price
    FROM (SELECT i + 1 AS p FROM range(480) AS r(i)) JOIN categories ON category_no = p % 12
), second AS (SELECT *, repriced(first_price, product_draw(product_id, 2)) AS second_price FROM named
), third AS (SELECT *, repriced(second_price, product_draw(product_id, 3)) AS third_price FROM second
), fourth AS (SELECT *, repriced(third_price, product_draw(product_id, 4)) AS fourth_price FROM third
)
SELECT product_id, name, category,
       1 + below(product_draw(product_id, 5), 4) AS versions,
       [first_price, second_price, third_price, fourth_price][:versions] AS cents,
       [-1 - below(product_draw(product_id, 6), 24), 1 + below(product_draw(product_id, 7), 9),
        10 + below(product_draw(product_id, 8), 9), 19 + below(product_draw(product_id, 9), 9)][:versions] AS months
FROM fourth;

CREATE TABLE price_versions AS
SELECT product_id, month AS first_month, lead(month, 1, 31) OVER (PARTITION BY product_id ORDER BY month) AS next_month, cents
FROM (SELECT product_id, unnest(months) AS month, unnest(cents) AS cents FROM all_products);

CREATE MACRO month_start(month) AS (date_trunc('month', getvariable('period_start')) + to_months(month::INTEGER))::DATE;

-- Valid from that day until before the other one.
CREATE VIEW product_prices AS
SELECT product_id::INTEGER AS product_id, month_start(first_month) AS valid_from,
       CASE WHEN next_month < 31 THEN month_start(next_month) END AS valid_to, money(cents) AS list_price
FROM price_versions
ORDER BY product_id, valid_from;

CREATE VIEW products AS
SELECT product_id::INTEGER AS product_id, name, category, money(cents[-1]) AS list_price FROM all_products ORDER BY product_id;

SET VARIABLE product_names = (SELECT list(name ORDER BY product_id) FROM all_products);
SET VARIABLE product_categories = (SELECT list(category ORDER BY product_id) FROM all_products);
-- One price a product and month: 30 months touch at most 31.
SET VARIABLE prices = (
    SELECT list(cents ORDER BY product_id, month)
    FROM (SELECT product_id, cents, unnest(range(greatest(first_month, 0), next_month)) AS month FROM price_versions)
);
CREATE MACRO price_on(p, day) AS getvariable('prices')[(p - 1) * 31 + month_number(day) + 1];

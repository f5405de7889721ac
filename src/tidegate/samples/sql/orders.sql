-- The orders numbered first_order to last_order (variables); each is a function of its number, the seed and `until`.
-- No joins and no groups: any number of orders streams through, in the order of the numbers. Amounts are whole cents
-- until they are shown.

CREATE VIEW order_draws AS
SELECT n, order_date,
       order_date + to_seconds(pick(getvariable('hours'), order_draw(n, 2)) * 3600 + below(order_draw(n, 3), 3600)) AS ordered_at,
       1 + floor(unit(order_draw(n, 4)) * unit(order_draw(n, 4)) * customers_before(n))::BIGINT AS customer_id,
       pick(getvariable('line_counts'), order_draw(n, 5)) AS item_count,
       CASE WHEN below(order_draw(n, 6), 100) < 12 THEN pick(getvariable('coupons'), order_draw(n, 7)) END AS coupon,
       below(order_draw(n, 8), 8) AS first_residue
FROM (SELECT n, pick(getvariable('days'), order_draw(n, 1)) AS order_date
      FROM range(getvariable('first_order'), getvariable('last_order') + 1) AS r(n));

-- What happens to an order, and how far that has come when the last day ends.
CREATE VIEW order_events AS
WITH shipping AS (
    SELECT *, below(order_draw(n, 9), 100) < 5 AS cancels, below(order_draw(n, 10), 100) < 9 AS comes_back,
           ordered_at + to_seconds(60 + below(order_draw(n, 11), 6 * 3600)) AS paid_at,
           ordered_at + to_seconds(7 * 3600 + below(order_draw(n, 12), 24 * 3600)) AS cancelled_at,
           ordered_at + to_seconds(8 * 3600 + below(order_draw(n, 13), 64 * 3600)) AS shipped_at
    FROM order_draws
), delivery AS (
    SELECT *, shipped_at + to_seconds(86400 + below(order_draw(n, 14), 5 * 86400)) AS delivered_at FROM shipping
), coming_back AS (
    SELECT *, delivered_at + to_seconds(2 * 86400 + below(order_draw(n, 15), 19 * 86400)) AS returned_at FROM delivery
), outcome AS (
    SELECT *, returned_at + INTERVAL 3 DAY AS refunded_at,
           CASE WHEN cancels AND cancelled_at < getvariable('period_end') THEN 'cancelled'
                WHEN paid_at >= getvariable('period_end') THEN 'placed'
                WHEN cancels OR shipped_at >= getvariable('period_end') THEN 'paid'
                WHEN delivered_at >= getvariable('period_end') THEN 'shipped'
                WHEN comes_back AND returned_at < getvariable('period_end') THEN 'returned'
                ELSE 'delivered' END AS status
    FROM coming_back
)
SELECT * EXCLUDE (cancels, comes_back),
       refunded_at < getvariable('period_end') AS is_refunded,
       CASE status WHEN 'placed' THEN ordered_at WHEN 'paid' THEN paid_at WHEN 'shipped' THEN shipped_at
                   WHEN 'delivered' THEN delivered_at WHEN 'cancelled' THEN cancelled_at
                   ELSE CASE WHEN is_refunded THEN refunded_at ELSE returned_at END END AS updated_at
FROM outcome;

-- Line i has its own residue of eight, so the products of one order are distinct.
CREATE MACRO line_product(n, line, first_residue) AS
    1 + pick(getvariable('product_groups'), line_draw(n, line, 1)) * 8 + (line + first_residue) % 8;
CREATE MACRO line_quantity(is_business, cents, draw) AS
    CASE WHEN cents >= 100000 THEN 1 + (below(draw, 9) = 0)::BIGINT
         WHEN is_business THEN 1 + pick(getvariable('business_quantities'), draw)
         ELSE 1 + pick(getvariable('consumer_quantities'), draw) END;
CREATE MACRO promotion(draw) AS CASE WHEN below(draw, 100) < 15 THEN pick([5, 10, 15, 20, 30], draw // 100) ELSE 0 END;

CREATE VIEW order_lines AS
WITH chosen AS (
    SELECT *, customer_segment = 'business' AS is_business, coalesce(coupon.percent, 0) AS coupon_percent,
           CASE WHEN status = 'returned' THEN 1 + below(order_draw(n, 16), item_count) END AS returned_line,
           list_transform(range(1, item_count + 1), lambda i: {line: i, product: line_product(n, i, first_residue)}) AS chosen
    FROM with_customer('order_events')
), priced AS (
    SELECT *,
           list_transform(chosen, lambda l: {line: l.line, product: l.product, cents: price_on(l.product, order_date)}) AS priced
    FROM chosen
), counted AS (
    SELECT *,
           list_transform(priced, lambda l: {
               line: l.line, product: l.product, cents: l.cents,
               quantity: line_quantity(is_business, l.cents, line_draw(n, l.line, 2)),
               percent: coupon_percent + promotion(line_draw(n, l.line, 3))}) AS counted
    FROM priced
), amounts AS (
    SELECT *,
           list_transform(counted, lambda l: {
               line: l.line, product: l.product, cents: l.cents, quantity: l.quantity,
               gross: l.cents * l.quantity, discount: (l.cents * l.quantity * l.percent + 50) // 100,
               returned: CASE WHEN l.line = returned_line
                                   OR (returned_line IS NOT NULL AND below(line_draw(n, l.line, 4), 100) < 30)
                              THEN 1 + below(line_draw(n, l.line, 5), l.quantity) END}) AS amounts
    FROM counted
)
SELECT * EXCLUDE (chosen, priced, counted, amounts),
       list_transform(amounts, lambda l: {
           line: l.line, product: l.product, cents: l.cents, quantity: l.quantity, gross: l.gross, discount: l.discount,
           returned: l.returned,
           refund: CASE WHEN is_refunded THEN -((l.gross - l.discount) * l.returned // l.quantity) ELSE 0 END}) AS lines
FROM amounts;

CREATE VIEW order_amounts AS
SELECT * EXCLUDE (lines),
       list_sum(list_transform(lines, lambda l: l.gross))::BIGINT AS subtotal_cents,
       list_sum(list_transform(lines, lambda l: l.discount))::BIGINT AS discount_cents,
       coalesce(list_sum(list_transform(lines, lambda l: l.refund)), 0)::BIGINT AS refund_cents,
       CASE WHEN subtotal_cents - discount_cents >= 7500 THEN 0 WHEN place.country = 'DE' THEN 490
            WHEN place.currency = 'EUR' THEN 990 ELSE 1490 END
       + CASE WHEN below(order_draw(n, 17), 100) < 10 THEN 1000 ELSE 0 END AS shipping_cents,
       below(order_draw(n, 18), 100) < 9 AS is_gift,
       list_transform(lines, lambda l: {
           line_number: l.line::INTEGER, product_id: l.product::INTEGER,
           product_name: getvariable('product_names')[l.product], category: getvariable('product_categories')[l.product],
           quantity: l.quantity::INTEGER, unit_price: money(l.cents), line_discount: money(l.discount),
           line_total: money(l.gross - l.discount),
           returned: CASE WHEN l.returned IS NOT NULL THEN {
               quantity: l.returned::INTEGER, 'at': returned_at,
               reason: pick(getvariable('reasons'), line_draw(n, l.line, 6)),
               status: CASE WHEN is_refunded THEN 'refunded' ELSE 'received' END, refund: money(l.refund)} END}) AS items
FROM order_lines;

-- One row an order as the shop would send it: customer and address are objects, items a list of objects.
CREATE VIEW orders_nested AS
SELECT (year(order_date) * 10000 + month(order_date) * 100 + day(order_date)) * 100000000 + n AS order_id,
       customer_id, order_date, ordered_at, updated_at, status,
       pick(getvariable('channels'), order_draw(n, 19)) AS channel,
       place.currency AS currency, coupon.code AS coupon, item_count::INTEGER AS item_count,
       money(subtotal_cents) AS subtotal, money(discount_cents) AS discount, money(shipping_cents) AS shipping,
       money(subtotal_cents - discount_cents + shipping_cents) AS total,
       money(refund_cents) AS refund,
       {name: customer_name, email: customer_email, phone: customer_phone} AS customer,
       {street: CASE WHEN is_gift THEN street_address(place, order_draw(n, 20), order_draw(n, 21)) ELSE home_street END,
        postal_code: CASE WHEN is_gift THEN postal_code(place, order_draw(n, 22)) ELSE home_postal_code END,
        city: place.city, country: place.country} AS shipping_address,
       items
FROM order_amounts;

CREATE VIEW orders AS
SELECT order_id, customer_id, order_date, ordered_at, updated_at, status, channel, currency, coupon, item_count,
       subtotal, discount, shipping, total, refund,
       shipping_address.street AS shipping_address_street, shipping_address.postal_code AS shipping_address_postal_code,
       shipping_address.city AS shipping_address_city, shipping_address.country AS shipping_address_country
FROM orders_nested;

CREATE VIEW order_items AS
SELECT order_id, item.line_number AS line_number, order_date, item.product_id AS product_id, item.product_name AS product_name,
       item.category AS category, item.quantity AS quantity, item.unit_price AS unit_price, item.line_discount AS line_discount,
       item.line_total AS line_total, item.returned.quantity AS returned_quantity, item.returned."at" AS returned_at,
       item.returned.reason AS returned_reason, item.returned.status AS returned_status, item.returned.refund AS returned_refund
FROM (SELECT order_id, order_date, unnest(items) AS item FROM orders_nested);

-- Orders and their items in one: a row an item.
CREATE VIEW orders_flat AS
SELECT order_id, customer_id, order_date, ordered_at, updated_at, status, channel, currency, coupon, item_count,
       subtotal, discount, shipping, total, refund,
       customer.name AS customer_name, customer.email AS customer_email, customer.phone AS customer_phone,
       shipping_address.street AS shipping_address_street, shipping_address.postal_code AS shipping_address_postal_code,
       shipping_address.city AS shipping_address_city, shipping_address.country AS shipping_address_country,
       item.line_number AS line_number, item.product_id AS product_id, item.product_name AS product_name,
       item.category AS category, item.quantity AS quantity, item.unit_price AS unit_price, item.line_discount AS line_discount,
       item.line_total AS line_total, item.returned.quantity AS returned_quantity, item.returned."at" AS returned_at,
       item.returned.reason AS returned_reason, item.returned.status AS returned_status, item.returned.refund AS returned_refund
FROM (SELECT * EXCLUDE (items), unnest(items) AS item FROM orders_nested);

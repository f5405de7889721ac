-- Every random choice is a hash of (stream, row number, which choice), never a running generator: so a row is the same
-- whatever else is generated, in whatever order and by however many threads. DuckDB mixes an integer of 64 bits well.
-- Needs the variables orders_key, customers_key, products_key (UBIGINT, from the seed) and until (DATE).

CREATE MACRO order_draw(n, choice) AS hash(xor((n * 1024 + choice)::UBIGINT, getvariable('orders_key')));
CREATE MACRO line_draw(n, line, choice) AS order_draw(n, line * 64 + choice);
CREATE MACRO customer_draw(c, choice) AS hash(xor((c * 1024 + choice)::UBIGINT, getvariable('customers_key')));
CREATE MACRO product_draw(p, choice) AS hash(xor((p * 1024 + choice)::UBIGINT, getvariable('products_key')));

CREATE MACRO below(draw, bound) AS (draw % bound::UBIGINT)::BIGINT;
CREATE MACRO unit(draw) AS (draw // 2048)::DOUBLE * 1.1102230246251565e-16;  -- 53 bits, 2^-53: exact in [0, 1)
CREATE MACRO pick(choices, draw) AS choices[1 + below(draw, len(choices))];
CREATE MACRO money(cents) AS (cents::DECIMAL(14, 0) * 0.01)::DECIMAL(12, 2);

-- 30 months, the last day included.
SET VARIABLE period_start = (SELECT (getvariable('until') + 1 - INTERVAL 30 MONTH)::DATE);
SET VARIABLE period_end = (SELECT (getvariable('until') + 1)::TIMESTAMP);
CREATE MACRO month_number(day) AS
    (year(day) - year(getvariable('period_start'))) * 12 + month(day) - month(getvariable('period_start'));

-- A choice with weights is a list in which each value stands as often as it weighs.
-- Days: growth by 60 %, a year-end peak, quiet Sundays, Black Friday, and next to nothing at Christmas.
SET VARIABLE days = (
    WITH weighed AS (
        SELECT day,
               (1000 + 600 * (day - getvariable('period_start')) // (getvariable('until') - getvariable('period_start')))
               * [85, 78, 92, 95, 100, 98, 90, 86, 100, 108, 135, 165][month(day)]
               * [106, 101, 98, 98, 104, 112, 81][isodow(day)]
               * CASE WHEN month(day) = 11 AND day(day) BETWEEN 23 AND 29 AND isodow(day) = 5 THEN 250
                      WHEN month(day) = 12 AND day(day) BETWEEN 24 AND 26 THEN 35
                      ELSE 100 END // 10000 AS weight
        FROM (SELECT getvariable('period_start') + i::INTEGER AS day
              FROM range(getvariable('until') - getvariable('period_start') + 1) AS r(i))
    ), placed AS (
        SELECT day, weight, sum(weight) OVER (ORDER BY day)::BIGINT AS upto, sum(weight) OVER ()::BIGINT AS whole FROM weighed
    )
    SELECT list(day ORDER BY day)
    FROM (SELECT day, unnest(range((upto - weight) * 16384 // whole, upto * 16384 // whole)) FROM placed)
);
SET VARIABLE hours = (
    SELECT list(hour ORDER BY hour)
    FROM (SELECT hour - 1 AS hour,
                 unnest(range([2, 1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 11, 12, 11, 9, 8, 8, 9, 11, 13, 14, 12, 8, 4][hour]))
          FROM range(1, 25) AS r(hour))
);
SET VARIABLE line_counts = (
    SELECT list(lines ORDER BY lines)
    FROM (SELECT lines, unnest(range([45, 25, 13, 8, 4, 3, 1, 1][lines])) FROM range(1, 9) AS r(lines))
);
-- Few sell much: of 60 groups of products the first gets a quarter, the first 12 get 58 %.
CREATE MACRO skewed(slots, power, bound) AS (
    SELECT list(floor(pow((i + 0.5) / slots, power) * bound)::BIGINT ORDER BY i) FROM range(slots) AS r(i)
);
SET VARIABLE product_groups = skewed(1024, 3, 60);
SET VARIABLE consumer_quantities = skewed(128, 4, 5);
SET VARIABLE business_quantities = skewed(512, 3, 80);
SET VARIABLE coupons = [
    {code: 'WELCOME10', percent: 10}, {code: 'FRÜHLING5', percent: 5},
    {code: 'NOËL15', percent: 15}, {code: 'VIP20', percent: 20}
];
SET VARIABLE channels = ['web', 'web', 'web', 'web', 'web', 'app', 'app', 'app', 'marketplace', 'phone'];
SET VARIABLE reasons = ['too late', 'damaged', 'wrong size', 'not as described', 'changed my mind'];
SET VARIABLE places = (
    SELECT list({country_no: country_no, country: country, currency: currency, calling_code: calling_code,
                 number_first: number_first, city: city, prefix: prefix, digits: digits, suffix: suffix} ORDER BY city_no)
    FROM (SELECT *, unnest(range(weight)) FROM cities JOIN countries USING (country_no))
);

-- Sixteen first names, last names and streets a country, one country after the other.
CREATE MACRO of_country(words, country_no, draw) AS words[(country_no - 1) * 16 + 1 + below(draw, 16)];
SET VARIABLE firsts = (
    SELECT list({name: firsts[1 + i % len(firsts)], ascii: firsts_ascii[1 + i % len(firsts)]} ORDER BY country_no, i)
    FROM countries, range(16) AS r(i)
);
SET VARIABLE lasts = (
    SELECT list({name: lasts[1 + i % len(lasts)], ascii: lasts_ascii[1 + i % len(lasts)]} ORDER BY country_no, i)
    FROM countries, range(16) AS r(i)
);
SET VARIABLE streets = (SELECT list(streets[1 + i % len(streets)] ORDER BY country_no, i) FROM countries, range(16) AS r(i));

CREATE MACRO street_address(place, street_draw, number_draw) AS
    CASE WHEN place.number_first
         THEN (1 + below(number_draw, 180)) || ' ' || of_country(getvariable('streets'), place.country_no, street_draw)
         ELSE of_country(getvariable('streets'), place.country_no, street_draw) || ' ' || (1 + below(number_draw, 180)) END;
CREATE MACRO postal_code(place, draw) AS
    place.prefix || lpad(below(draw, 10000)::VARCHAR, 4, '0')[:place.digits] || place.suffix;

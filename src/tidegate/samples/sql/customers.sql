-- A customer is a function of the customer number alone; `with_customer` adds one to every row that has a customer_id.

CREATE MACRO with_customer(relation) AS TABLE
SELECT * EXCLUDE (first_name, last_name, second_name, double_name),
       CASE WHEN place.country = 'JP' THEN last_name.name || ' ' || first_name.name
            WHEN double_name AND last_name.name <> second_name.name
            THEN first_name.name || ' ' || last_name.name || '-' || second_name.name
            ELSE first_name.name || ' ' || last_name.name END AS customer_name,
       first_name.ascii || '.' || last_name.ascii || customer_id
       || pick(['@example.com', '@example.net', '@example.org'], customer_draw(customer_id, 6)) AS customer_email,
       CASE WHEN below(customer_draw(customer_id, 7), 100) >= 12
            THEN place.calling_code || ' 555 01' || lpad(below(customer_draw(customer_id, 8), 100)::VARCHAR, 2, '0')
       END AS customer_phone,
       CASE WHEN segment_draw < 80 THEN 'consumer' WHEN segment_draw < 95 THEN 'business' ELSE 'vip' END AS customer_segment,
       street_address(place, customer_draw(customer_id, 10), customer_draw(customer_id, 11)) AS home_street,
       postal_code(place, customer_draw(customer_id, 12)) AS home_postal_code
FROM (
    SELECT *,
           of_country(getvariable('firsts'), place.country_no, customer_draw(customer_id, 2)) AS first_name,
           of_country(getvariable('lasts'), place.country_no, customer_draw(customer_id, 3)) AS last_name,
           of_country(getvariable('lasts'), place.country_no, customer_draw(customer_id, 4)) AS second_name,
           below(customer_draw(customer_id, 5), 100) < 14 AS double_name,
           below(customer_draw(customer_id, 9), 100) AS segment_draw
    FROM (SELECT *, pick(getvariable('places'), customer_draw(customer_id, 1)) AS place FROM query_table(relation))
);

-- So many customers there are before the n-th order: a shop grows. The early ones order most.
CREATE MACRO customers_before(n) AS 20 + (n - 1) // 5;

CREATE VIEW customer_numbers AS
SELECT customer_id FROM range(1, customers_before(getvariable('last_order') + 1) + 1) AS r(customer_id);

CREATE VIEW customers AS
SELECT customer_id, customer_name AS name, customer_email AS email, customer_phone AS phone,
       getvariable('until') - (18 * 365 + 5 + below(customer_draw(customer_id, 13), 65 * 365))::INTEGER AS birth_date,
       customer_segment AS segment, home_street AS street, home_postal_code AS postal_code, place.city AS city,
       place.country AS country
FROM with_customer('customer_numbers');

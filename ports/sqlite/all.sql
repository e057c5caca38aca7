.mode list
.headers on
CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT UNIQUE, price REAL, data BLOB, CHECK(price >= 0));
CREATE INDEX item_price ON item(price DESC);
CREATE TABLE sale(item REFERENCES item(id), day TEXT, amount INT);
CREATE TRIGGER sold AFTER INSERT ON sale BEGIN UPDATE item SET price = price * 1.01 WHERE id = new.item; END;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO item SELECT i, printf('item %04d', i * 7919 % 500), (i * 31 % 97) / 7.0, zeroblob(i % 17) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO sale SELECT 1 + i * 13 % 500, date('2020-01-01', '+' || (i % 365) || ' days'), i % 9 FROM n;
SELECT count(*), sum(price), avg(price), min(name), max(length(data)), total(price) FROM item;
SELECT strftime('%m', day) AS month, sum(amount), group_concat(DISTINCT amount) FROM sale GROUP BY month ORDER BY month;
SELECT name, round(price, 3), rank() OVER (ORDER BY price DESC) FROM item ORDER BY price DESC, id LIMIT 10;
SELECT i.name, sum(s.amount) AS total FROM item i JOIN sale s ON s.item = i.id WHERE i.price BETWEEN 3 AND 5
GROUP BY i.id HAVING total > 15 ORDER BY total DESC, i.id LIMIT 10;
EXPLAIN QUERY PLAN SELECT * FROM item WHERE price > 3 ORDER BY price DESC;
SELECT json_extract('{"a": [1, 2.5, {"b": null}]}', '$.a[1]'), json_group_array(amount) FROM sale WHERE rowid < 9;
SELECT printf('%.17g %e %08.3f %x', 1.0 / 3, 12345.678, -2.5, 255), quote(x'00ff'), hex('ä'), unicode('€');
SELECT sin(1), exp(1), pow(2, 0.5), ln(10), degrees(acos(-1)), 0.1 + 0.2, 9223372036854775807 + 1, 5 / 2, 5 % 3;
SELECT datetime(1234567890, 'unixepoch'), julianday('2000-01-01 12:00'), strftime('%J %s %w', '2024-02-29');
SELECT 'abc' LIKE 'A%', 'abc' GLOB 'a*', replace('aXbX', 'X', '--'), substr('hello', -3), instr('hello', 'l'), trim('  x ');
CREATE VIRTUAL TABLE doc USING fts5(body);
CREATE VIRTUAL TABLE box USING rtree(id, x0, x1, y0, y1);
INSERT INTO item(name, price) VALUES ('negative', -1);
INSERT INTO item(name, price) VALUES ('item 0001', 1);
SELECT changes(), typeof(price) FROM item LIMIT 1;
BEGIN; DELETE FROM sale WHERE amount > 4; SAVEPOINT s; DELETE FROM sale; ROLLBACK TO s; COMMIT;
SELECT count(*) FROM sale;
ALTER TABLE item ADD COLUMN note DEFAULT 'none';
UPDATE item SET note = upper(name) WHERE id % 50 = 0 RETURNING id, note;
.mode json
SELECT id, name, note FROM item WHERE id % 100 = 0;
.mode csv
SELECT * FROM item WHERE id < 5;
.schema
PRAGMA integrity_check;
.dump sale_missing
SELECT nonsense FROM nowhere;

-- Everything but people, for %(reps)s reps and %(opportunities)s opportunities. pick(i, salt, n): one of 0 … n-1, always
-- the same for the same i and salt.
CREATE FUNCTION pg_temp.pick(i bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE
AS 'SELECT (ABS(HASHINT8EXTENDED(i, salt) / 2) %% n)::int'
;
INSERT INTO customers_product (key, name, line, is_core, active, version, changed_in)
SELECT 'product-' || i, 'Product ' || i, 'Line ' || i %% 4, i <= 5, true, 1, '{}' FROM GENERATE_SERIES(1, 20) i
;
CREATE TEMPORARY TABLE rep AS
SELECT id, team_id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS n FROM accounts_user WHERE role = 'rep'
;
CREATE TEMPORARY TABLE product AS
SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS n FROM customers_product
;
INSERT INTO customers_customer
  (key, name, industry, region, owner_id, team_id, annual_spend, tier, created_at, version, changed_in)
SELECT 'customer-' || i,
  (ARRAY['华东','南方','北辰','远景','天工','Nova','Atlas','Orion'])[pg_temp.pick(i, 1, 8) + 1] || ' ' || i || ' '
    || (ARRAY['精密制造','能源装备','Power','Steel','电子'])[pg_temp.pick(i, 2, 5) + 1],
  'Industry ' || pg_temp.pick(i, 3, 12), 'Region ' || pg_temp.pick(i, 4, 30), rep.id, rep.team_id,
  pg_temp.pick(i, 5, 900000) * 10000::bigint, (ARRAY['5A','4A','3A','2A','1A',''])[pg_temp.pick(i, 6, 6) + 1],
  NOW() - INTERVAL '4 years', 1, '{}'
FROM GENERATE_SERIES(1, %(reps)s * 20) i JOIN rep ON rep.n = (i - 1) / 20
;
INSERT INTO customers_contact
  (key, customer_id, name, title, department, email, phone, buying_role, influence, stance, created_at, version, changed_in)
SELECT 'contact-' || c.id || '-' || i, c.id, '联系人 ' || c.id || i, 'Head', 'Purchasing', '', '', 'approver', 3, 0,
  c.created_at, 1, '{}'
FROM customers_customer c, GENERATE_SERIES(1, 2) i
;
INSERT INTO customers_order (key, customer_id, product_id, owner_id, amount, booked_on, version, changed_in)
SELECT 'order-' || c.id || '-' || i, c.id, product.id, c.owner_id, (1 + pg_temp.pick(c.id * 4 + i, 7, 500)) * 1000000::bigint,
  CURRENT_DATE - pg_temp.pick(c.id * 4 + i, 8, 900), 1, '{}'
FROM customers_customer c, GENERATE_SERIES(1, 3) i, product WHERE product.n = (c.id + i) %% 20
;
-- One row an opportunity: who, what, from when, how long, how far; `outcome` 0 is open.
CREATE TEMPORARY TABLE story AS
SELECT i, rep.n AS rep, customer.id AS customer_id, product.id AS product_id,
  CASE WHEN (i / %(reps)s) %% 5 = 0 THEN 0 ELSE 1 + pg_temp.pick(i, 11, 4) END AS outcome,
  1 + pg_temp.pick(i, 12, 5) AS depth, (10 + pg_temp.pick(i, 13, 20000)) * 1000000::bigint AS cents,
  NOW() - INTERVAL '1 day' - pg_temp.pick(i, 14, 1500000) * INTERVAL '1 minute' AS closed_at,
  INTERVAL '20 days' + pg_temp.pick(i, 15, 400000) * INTERVAL '1 minute' AS life
FROM GENERATE_SERIES(0, %(opportunities)s - 1) i
JOIN rep ON rep.n = i %% %(reps)s
JOIN customers_customer customer ON customer.key = 'customer-' || (rep.n * 20 + pg_temp.pick(i, 16, 20) + 1)
JOIN product ON product.n = pg_temp.pick(i, 17, 20)
;
-- Its six versions: of an open one the last began a while ago, of a closed one at its end.
CREATE TEMPORARY TABLE told AS
SELECT s.*, k,
  CASE WHEN s.outcome > 0 THEN s.closed_at - s.life ELSE NOW() - s.life END
    + s.life * k / (CASE WHEN s.outcome > 0 THEN 5.0 ELSE 5.4 END) AS valid_from,
  CASE WHEN s.outcome > 0 AND k = 5 THEN 5 + s.outcome ELSE 1 + (s.depth - 1) * LEAST(k, 4) / 4 END AS position,
  s.cents + s.cents / 10 * (k %% 3) AS amount,
  CASE WHEN k < 2 AND pg_temp.pick(i, 18, 10) = 0 THEN (s.rep + 1) %% %(reps)s ELSE s.rep END AS holder
FROM story s, GENERATE_SERIES(0, 5) k
;
CREATE TEMPORARY TABLE version AS
SELECT t.i, t.k, t.valid_from, t.customer_id,
  LEAD(t.valid_from, 1, TIMESTAMPTZ '9999-12-31 00:00:00+00') OVER (PARTITION BY t.i ORDER BY t.k) AS valid_to,
  st.id AS stage_id, st.outcome, st.win_rate, t.amount,
  CURRENT_DATE + pg_temp.pick(t.i * 6 + t.k, 19, 200) - 20 AS expected_close_date, rep.id AS owner_id, rep.team_id,
  t.product_id, 'Step ' || t.k || ' of ' || t.i AS next_step,
  CURRENT_DATE + pg_temp.pick(t.i * 6 + t.k, 20, 40) - 10 AS next_step_due,
  MIN(t.valid_from) OVER (PARTITION BY t.i, t.position) AS entered_at,
  CASE WHEN st.outcome = 'won' THEN 32767 ELSE LEAST(t.position, CASE WHEN st.outcome = 'open' THEN 5 ELSE t.depth END) END
    AS furthest,
  MIN(t.valid_from) OVER (PARTITION BY t.i) AS created_at
FROM told t JOIN opportunities_stage st ON st.position = t.position JOIN rep ON rep.n = t.holder
;
INSERT INTO opportunities_opportunity
  (key, customer_id, title, source, forecast_category, signed_on, competitor, created_at, created_on, created_by_id,
   changed_at, version, changed_in, stage_id, outcome, win_rate, amount, expected_close_date, owner_id, team_id, product_id,
   next_step, next_step_due, entered_at, entered_on, furthest)
SELECT 'opportunity-' || i, customer_id,
  (ARRAY['产线','机房','仓储','Press line','检测','Drive'])[pg_temp.pick(i, 21, 6) + 1] || ' ' || i
    || (ARRAY[' 升级',' 改造',' expansion',' 一期'])[pg_temp.pick(i, 22, 4) + 1],
  'fair', 'pipeline', CASE WHEN outcome = 'won' THEN valid_from::date END, '', created_at,
  (created_at AT TIME ZONE 'Asia/Shanghai')::date, owner_id, valid_from, 6, '{}', stage_id, outcome, win_rate, amount,
  expected_close_date, owner_id, team_id, product_id, next_step, next_step_due, entered_at,
  (entered_at AT TIME ZONE 'Asia/Shanghai')::date, furthest
FROM version WHERE k = 5 ORDER BY i
;
INSERT INTO opportunities_opportunityversion
  (opportunity_id, valid_from, valid_to, actor_id, reason, stage_id, outcome, win_rate, amount, expected_close_date, owner_id,
   team_id, product_id, next_step, next_step_due, entered_at, entered_on, furthest)
SELECT o.id, v.valid_from, v.valid_to, v.owner_id, '', v.stage_id, v.outcome, v.win_rate, v.amount, v.expected_close_date,
  v.owner_id, v.team_id, v.product_id, v.next_step, v.next_step_due, v.entered_at,
  (v.entered_at AT TIME ZONE 'Asia/Shanghai')::date, v.furthest
FROM version v JOIN opportunities_opportunity o ON o.key = 'opportunity-' || v.i
ORDER BY v.valid_from
;
INSERT INTO opportunities_collaborator (opportunity_id, user_id, added_at)
SELECT o.id, rep.id, NOW() FROM opportunities_opportunity o JOIN rep ON rep.n = pg_temp.pick(o.id, 23, %(reps)s)
WHERE o.id %% 20 = 0 AND rep.id <> o.owner_id
;
DISCARD TEMPORARY

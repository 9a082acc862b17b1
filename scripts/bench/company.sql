-- Everything but people, for %(reps)s reps, %(opportunities)s opportunities and %(customers)s customers, and %(busy)s open
-- opportunities more for the last rep.
-- pick(i, salt, n): one of 0 … n-1, always the same for the same i and salt.
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
  (key, name, industry, region, owner_id, team_id, annual_spend, tier, created_at, version, changed_in, credit_code,
   phone, domain, normalised_name)
SELECT 'customer-' || i,
  (ARRAY['华东','南方','北辰','远景','天工','Nova','Atlas','Orion'])[pg_temp.pick(i, 1, 8) + 1] || ' ' || i || ' '
    || (ARRAY['精密制造','能源装备','Power','Steel','电子'])[pg_temp.pick(i, 2, 5) + 1],
  'Industry ' || pg_temp.pick(i, 3, 12), 'Region ' || pg_temp.pick(i, 4, 30), rep.id, rep.team_id,
  pg_temp.pick(i, 5, 900000) * 10000::bigint, (ARRAY['5A','4A','3A','2A','1A',''])[pg_temp.pick(i, 6, 6) + 1],
  NOW() - INTERVAL '4 years', 1, '{}', '', '021' || 10000000 + i * 7, '', ''
FROM GENERATE_SERIES(1, %(reps)s * 20) i JOIN rep ON rep.n = (i - 1) / 20
;
-- Those that nothing was sold to yet, until there are as many as are wanted: 400 beginnings of a name, ten trades.
INSERT INTO customers_customer
  (key, name, industry, region, owner_id, team_id, annual_spend, tier, created_at, version, changed_in, credit_code,
   phone, domain, normalised_name)
SELECT 'customer-' || i,
  SUBSTR('华远天北东金海新中安瑞恒盛宏嘉泰联德星云', pg_temp.pick(i, 51, 20) + 1, 1)
    || SUBSTR('航辰工源力川信达通科丰景泽宇岳城洋图锐华', pg_temp.pick(i, 52, 20) + 1, 1)
    || (ARRAY['精密制造','能源装备','汽车','物流','电子','食品','医药','重工','材料','软件'])[pg_temp.pick(i, 53, 10) + 1]
    || ' ' || i,
  'Industry ' || pg_temp.pick(i, 3, 12), 'Region ' || pg_temp.pick(i, 4, 30), rep.id, rep.team_id, NULL, '',
  NOW() - INTERVAL '4 years', 1, '{}', '', '021' || 10000000 + i * 7, '', ''
FROM GENERATE_SERIES(%(reps)s * 20 + 1, %(customers)s) i JOIN rep ON rep.n = i %% %(reps)s
;
UPDATE customers_customer SET normalised_name = LOWER(REPLACE(name, ' ', ''))
;
INSERT INTO customers_customertier (customer_id, valid_from, tier)
SELECT id, '1900-01-01 00:00:00+00', tier FROM customers_customer
;
INSERT INTO customers_contact
  (key, customer_id, name, title, department, email, phone, buying_role, influence, stance, created_at, version,
   changed_in, notes, normalised_phone, mail_domain)
SELECT 'contact-' || c.id || '-' || i, c.id, '联系人 ' || c.id || i, 'Head', 'Purchasing', '',
  '138' || LPAD((c.id * 17 + i)::text, 8, '0'), 'approver', 3, 0, c.created_at, 1, '{}', '',
  '138' || LPAD((c.id * 17 + i)::text, 8, '0'), ''
FROM customers_customer c, GENERATE_SERIES(1, 2) i WHERE c.id <= %(reps)s * 20
;
INSERT INTO customers_order (key, customer_id, product_id, owner_id, amount, booked_on, version, changed_in)
SELECT 'order-' || c.id || '-' || i, c.id, product.id, c.owner_id, (1 + pg_temp.pick(c.id * 4 + i, 7, 500)) * 1000000::bigint,
  CURRENT_DATE - pg_temp.pick(c.id * 4 + i, 8, 900), 1, '{}'
FROM customers_customer c, GENERATE_SERIES(1, 3) i, product WHERE product.n = (c.id + i) %% 20 AND c.id <= %(reps)s * 20
;
-- One row an opportunity: who, what, from when, how long, how far; `outcome` 0 is open.
CREATE TEMPORARY TABLE story AS
SELECT i, rep.n AS rep, customer.id AS customer_id, product.id AS product_id,
  CASE WHEN (i / %(reps)s) %% 5 = 0 OR i >= %(opportunities)s THEN 0 ELSE 1 + pg_temp.pick(i, 11, 4) END AS outcome,
  1 + pg_temp.pick(i, 12, 5) AS depth, (10 + pg_temp.pick(i, 13, 20000)) * 1000000::bigint AS cents,
  NOW() - INTERVAL '1 day' - pg_temp.pick(i, 14, 1500000) * INTERVAL '1 minute' AS closed_at,
  INTERVAL '20 days' + pg_temp.pick(i, 15, 400000) * INTERVAL '1 minute' AS life
FROM GENERATE_SERIES(0, %(opportunities)s + %(busy)s - 1) i
JOIN rep ON rep.n = CASE WHEN i < %(opportunities)s THEN i %% %(reps)s ELSE %(reps)s - 1 END
JOIN customers_customer customer ON customer.key = 'customer-' || (rep.n * 20 + pg_temp.pick(i, 16, 20) + 1)
JOIN product ON product.n = pg_temp.pick(i, 17, 20)
;
-- Its six versions, of the one that is called 2 two thousand: of an open one the last began a while ago, of a closed one
-- at its end. `step` goes from 0 to 5.
CREATE TEMPORARY TABLE told AS
SELECT s.*, k, step, k = last AS is_last,
  CASE WHEN s.outcome > 0 THEN s.closed_at - s.life ELSE NOW() - s.life END
    + s.life * (5.0 * k / last) / (CASE WHEN s.outcome > 0 THEN 5.0 ELSE 5.4 END) AS valid_from,
  CASE WHEN s.outcome > 0 AND step = 5 THEN 5 + s.outcome ELSE 1 + (s.depth - 1) * LEAST(step, 4) / 4 END AS position,
  s.cents + s.cents / 10 * (k %% 3) AS amount,
  CASE WHEN step < 2 AND pg_temp.pick(i, 18, 10) = 0 THEN (s.rep + 1) %% %(reps)s ELSE s.rep END AS holder
FROM (SELECT *, CASE WHEN i = 2 THEN 1999 ELSE 5 END AS last FROM story) s, GENERATE_SERIES(0, last) k,
  LATERAL (SELECT k * 5 / last AS step) steps
;
CREATE TEMPORARY TABLE version AS
SELECT t.i, t.k, t.is_last, t.depth, t.valid_from, t.customer_id,
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
FROM version WHERE is_last ORDER BY i
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
-- Evidence of most open opportunities and of half of the closed ones. In 3 to 6 steps each factor climbs a level a step up
-- to its `claimed` height; the last level of one in four rests on our word alone, so that `verified` is one lower.
CREATE TEMPORARY TABLE ladder AS
SELECT factor, ROW_NUMBER() OVER (ORDER BY position) - 1 AS n FROM (SELECT key AS factor, position FROM opportunities_factor) f
;
CREATE TEMPORARY TABLE climb AS
SELECT o.id AS opportunity_id, v.i, o.owner_id, o.customer_id, o.created_at,
  LEAST(6, GREATEST(3, v.depth + pg_temp.pick(v.i, 31, 3))) AS steps,
  CASE WHEN o.outcome = 'open' THEN NOW() ELSE o.entered_at END - o.created_at AS life
FROM version v JOIN opportunities_opportunity o ON o.key = 'opportunity-' || v.i
WHERE v.is_last AND (v.i = 2 OR pg_temp.pick(v.i, 32, CASE WHEN o.outcome = 'open' THEN 8 ELSE 2 END) > 0)
;
CREATE TEMPORARY TABLE factor_climb AS
SELECT *, claimed - (pg_temp.pick(i * 5 + n, 34, 4) = 0)::int AS verified
FROM (SELECT c.*, l.factor, l.n, CASE WHEN l.n = 0 THEN steps ELSE steps - pg_temp.pick(i * 5 + l.n, 33, 3) END AS claimed
  FROM climb c, ladder l) f
;
CREATE TEMPORARY TABLE someone AS SELECT customer_id, MIN(id) AS id FROM customers_contact GROUP BY customer_id
;
-- The one that is called 2 has each first level again and again, which changes no height.
CREATE TEMPORARY TABLE record AS
SELECT f.*, level, CASE WHEN level > verified THEN 'E0' WHEN level <= 2 THEN 'E1' WHEN level <= 4 THEN 'E2' ELSE 'E3' END AS grade,
  created_at + life * level / (steps + 1) AS at
FROM factor_climb f, GENERATE_SERIES(1, claimed) level
UNION ALL
SELECT f.*, 1, 'E0', created_at + life * (again + 40) / 80 FROM factor_climb f, GENERATE_SERIES(1, 36) again WHERE f.i = 2
;
INSERT INTO opportunities_checkpoint
  (opportunity_id, factor, level, rung_id, evidence, link, grade, contact_id, said_on, recorded_at, recorded_by_id,
   verified_at, withdrawn_reason)
SELECT r.opportunity_id, r.factor, r.level, rung.id, 'They said so at step ' || r.level,
  CASE WHEN r.grade IN ('E2', 'E3') THEN 'https://example.com/' || r.i ELSE '' END, r.grade,
  CASE WHEN r.grade <> 'E0' THEN someone.id END, CASE WHEN r.grade <> 'E0' THEN (r.at AT TIME ZONE 'Asia/Shanghai')::date END,
  r.at, r.owner_id, CASE WHEN r.grade <> 'E0' THEN r.at END, ''
FROM record r JOIN opportunities_rung rung ON rung.factor = r.factor AND rung.level = r.level
LEFT JOIN someone ON someone.customer_id = r.customer_id
;
INSERT INTO opportunities_heightsversion
  (opportunity_id, valid_from, valid_to, demand, power, goal, value, coordination,
   claimed_demand, claimed_power, claimed_goal, claimed_value, claimed_coordination)
SELECT opportunity_id, created_at + life * step / (steps + 1),
  CASE WHEN step = steps THEN TIMESTAMPTZ '9999-12-31 00:00:00+00' ELSE created_at + life * (step + 1) / (steps + 1) END,
  LEAST(step, v[1]), LEAST(step, v[2]), LEAST(step, v[3]), LEAST(step, v[4]), LEAST(step, v[5]),
  LEAST(step, c[1]), LEAST(step, c[2]), LEAST(step, c[3]), LEAST(step, c[4]), LEAST(step, c[5])
FROM (SELECT opportunity_id, created_at, life, steps, ARRAY_AGG(verified ORDER BY n) AS v, ARRAY_AGG(claimed ORDER BY n) AS c
  FROM factor_climb GROUP BY opportunity_id, created_at, life, steps) f, GENERATE_SERIES(1, steps) step
ORDER BY 2
;
UPDATE opportunities_opportunity o
SET now_demand = h.demand, now_power = h.power, now_goal = h.goal, now_value = h.value, now_coordination = h.coordination
FROM opportunities_heightsversion h WHERE h.opportunity_id = o.id AND h.valid_to = TIMESTAMPTZ '9999-12-31 00:00:00+00'
;
-- Activities of open opportunities: one planned about now, two done; of the one that is called 2 five hundred done.
CREATE TEMPORARY TABLE act AS
SELECT o.id AS opportunity_id, o.customer_id, o.owner_id, n, NOW() - INTERVAL '1 day' * pg_temp.pick(o.id * 512 + n, 41, 300) AS at,
  NOW() + INTERVAL '1 hour' * (pg_temp.pick(o.id, 42, 700) - 100) AS ahead
FROM opportunities_opportunity o, GENERATE_SERIES(0, CASE WHEN o.key = 'opportunity-2' THEN 500 ELSE 2 END) n
WHERE o.outcome = 'open'
;
INSERT INTO opportunities_activity
  (version, changed_in, key, kind_id, customer_id, opportunity_id, owner_id, planned_at, done_at, cancelled_reason, objective,
   customer_needs, line_of_talk, advantage, outcome, said, promised, skill, coaching, created_at, created_by_id, debriefed_at)
SELECT 1, '{}', 'activity-' || a.opportunity_id || '-' || n, kind.id, customer_id, opportunity_id, owner_id,
  CASE WHEN n = 0 THEN ahead ELSE at END, CASE WHEN n > 0 THEN at END, '', 'Objective ' || n, '', '', '',
  CASE WHEN n > 0 THEN 'It went well' ELSE '' END, '', '', '', '', at - INTERVAL '3 days', owner_id, CASE WHEN n > 0 THEN at END
FROM act a JOIN opportunities_activitykind kind ON kind.position = 1 + (a.opportunity_id + n) %% 8
;
DISCARD TEMPORARY

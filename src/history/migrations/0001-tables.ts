import type { Migration } from './migration.ts';

/**
 * The tables of the history. Rows belong to a bot, a bot to a namespace, and a connection sees the
 * namespaces that its setting `tenantbot.namespaces` lists (`a,b`; `*` is all of them, unset none).
 * That holds for the owner of the tables too. No row holds a text or a name of a user.
 */
export const TABLES: Migration = {
  number: 1,
  name: 'tables',
  statements: [
    `create function sees(namespace text) returns boolean
       language sql stable parallel safe
       return current_setting('tenantbot.namespaces', true) = '*'
         or namespace = any (string_to_array(current_setting('tenantbot.namespaces', true), ','))`,

    // One row a TenantBot; one that is made anew under the same name is another bot.
    `create table bots (
       id integer generated always as identity primary key,
       uid text not null unique check (length(uid) between 1 and 64),
       namespace text not null check (length(namespace) between 1 and 63),
       name text not null check (length(name) between 1 and 253),
       bot_id bigint check (bot_id > 0),
       username text check (length(username) between 1 and 64),
       created_at timestamptz not null default now() check (isfinite(created_at)),
       deleted_at timestamptz check (isfinite(deleted_at))
     )`,
    `create unique index bots_live_bot_id on bots (bot_id) where deleted_at is null`,
    `create unique index bots_live_name on bots (namespace, name) where deleted_at is null`,

    // The primary key serves both: a report that comes twice, and a bot's history by time.
    `create table health_snapshots (
       bot integer not null references bots on delete cascade,
       at timestamptz not null,
       session text not null check (length(session) between 1 and 64),
       seq bigint not null check (seq >= 0),
       health text not null check (health in ('Healthy', 'Degraded', 'Unhealthy', 'Suspended')),
       breaker text not null check (breaker in ('Closed', 'Open', 'HalfOpen')),
       error_percent smallint not null check (error_percent between 0 and 100),
       avg_response_ms integer not null check (avg_response_ms >= 0),
       consecutive_failures integer not null check (consecutive_failures >= 0),
       rate_limited bigint not null check (rate_limited >= 0),
       updates bigint not null check (updates >= 0),
       handled bigint not null check (handled >= 0),
       replies bigint not null check (replies >= 0),
       errors bigint not null check (errors >= 0),
       restarts integer not null check (restarts >= 0),
       -- The clock that gave the time was off, and the time was bounded.
       clock_off boolean not null default false,
       primary key (bot, at, session, seq)
     ) partition by range (at)`,
    `create index health_snapshots_at on health_snapshots using brin (at)`,
    // Attached, not created in place: attaching keeps nobody from writing to the other days.
    `create function ensure_snapshot_day(day date) returns void
       language plpgsql set search_path = tenantbot, pg_temp as $$
     declare
       day_table constant text := 'health_snapshots_' || to_char(day, 'YYYYMMDD');
     begin
       perform pg_advisory_xact_lock(hashtextextended('tenantbot.' || day_table, 0));
       if to_regclass(day_table) is not null then
         return;
       end if;
       execute format('create table %I (like health_snapshots including defaults including constraints)', day_table);
       -- Read and written through health_snapshots alone.
       execute format('alter table %I enable row level security, force row level security', day_table);
       execute format('alter table health_snapshots attach partition %I for values from (%L) to (%L)',
         day_table, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC');
     end $$`,

    `create table transitions (
       bot integer not null references bots on delete cascade,
       session text not null check (length(session) between 1 and 64),
       seq bigint not null check (seq >= 0),
       at timestamptz not null check (isfinite(at)),
       kind text not null check (kind in ('health', 'breaker', 'token', 'lifecycle', 'placement')),
       from_state text check (length(from_state) between 1 and 64),
       to_state text not null check (length(to_state) between 1 and 64),
       cause text check (length(cause) <= 1024),
       clock_off boolean not null default false,
       primary key (bot, session, seq)
     )`,
    `create index transitions_bot_at on transitions (bot, at)`,
    `create index transitions_at on transitions using brin (at)`,

    // What does not apply is ''. The buckets of two rows add up one by one.
    `create table usage_hourly (
       bot integer not null references bots on delete cascade,
       hour timestamptz not null check (extract(epoch from hour) % 3600 = 0),
       method text not null default '' check (length(method) <= 64),
       command text not null default '' check (length(command) <= 64),
       update_kind text not null default '' check (length(update_kind) <= 64),
       outcome text not null default '' check (length(outcome) <= 64),
       calls bigint not null check (calls >= 0),
       latency_buckets bigint[] not null default '{}' check (cardinality(latency_buckets) <= 64),
       primary key (bot, hour, method, command, update_kind, outcome)
     )`,

    `create table errors_hourly (
       bot integer not null references bots on delete cascade,
       hour timestamptz not null check (extract(epoch from hour) % 3600 = 0),
       fingerprint text not null check (length(fingerprint) between 1 and 64),
       sample text not null check (length(sample) <= 1024),
       errors bigint not null check (errors > 0),
       primary key (bot, hour, fingerprint)
     )`,

    `create table verifications (
       bot integer not null references bots on delete cascade,
       session text not null check (length(session) between 1 and 64),
       seq bigint not null check (seq >= 0),
       at timestamptz not null check (isfinite(at)),
       outcome text not null check (outcome in ('Prompted', 'Verified', 'Refused', 'Left')),
       user_id bigint,
       clock_off boolean not null default false,
       primary key (bot, session, seq)
     )`,
    `create index verifications_bot_at on verifications (bot, at)`,
    `create index verifications_user on verifications (user_id) where user_id is not null`,

    // Outlives the bots that it tells of.
    `create table audit_log (
       id bigint generated always as identity primary key,
       at timestamptz not null default now() check (isfinite(at)),
       actor text not null check (length(actor) between 1 and 256),
       action text not null check (length(action) between 1 and 64),
       namespace text check (length(namespace) between 1 and 63),
       object text check (length(object) between 1 and 253),
       detail jsonb check (length(detail::text) <= 4096)
     )`,
    `create index audit_log_namespace_at on audit_log (namespace, at)`,
    `create function refuse_change() returns trigger language plpgsql as $$
     begin
       raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
     end $$`,
    // One that can't be written may not be emptied by the role that owns it either.
    `create trigger append_only before update or delete or truncate on audit_log
       for each statement execute function refuse_change()`,

    ...['bots', 'audit_log'].map((table) => allow(table, 'sees(namespace)')),
    ...['health_snapshots', 'transitions', 'usage_hourly', 'errors_hourly', 'verifications'].map(
      (table) =>
        // The first half is asked once a statement, the second where the first says no.
        allow(
          table,
          `(select current_setting('tenantbot.namespaces', true) = '*') or bot in (select id from bots)`,
        ),
    ),
  ].flat(),
};

function allow(table: string, rows: string): string[] {
  return [
    `alter table ${table} enable row level security, force row level security`,
    `create policy namespaces on ${table} using (${rows})`,
  ];
}

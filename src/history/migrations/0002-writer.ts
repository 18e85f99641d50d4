import type { Migration } from './migration.ts';

/**
 * What writing at least once and keeping for a while need: the session in every key, the term of
 * the leader that may write, and an audit log of which whole months may go, and nothing else.
 */
export const WRITER: Migration = {
  number: 2,
  name: 'writer',
  statements: [
    // Counts are those of one session; what a bot did is the sum of its sessions.
    `alter table usage_hourly
       add session text not null default '' check (length(session) <= 64),
       add chat_kind text not null default '' check (length(chat_kind) <= 64),
       drop constraint usage_hourly_pkey,
       add primary key (bot, hour, session, method, command, update_kind, chat_kind, outcome)`,
    `alter table errors_hourly
       add session text not null default '' check (length(session) <= 64),
       drop constraint errors_hourly_pkey,
       add primary key (bot, hour, session, fingerprint)`,

    // Told again, a time that was corrected comes out otherwise: those are found by the rest of
    // their key. Empty where all clocks are right.
    `create index health_snapshots_clock_off on health_snapshots (session, bot, seq) where clock_off`,

    // For retention. Those of the others are there.
    `create index usage_hourly_hour on usage_hourly using brin (hour)`,
    `create index errors_hourly_hour on errors_hourly using brin (hour)`,
    `create index verifications_at on verifications using brin (at)`,

    `create table leader_term (
       only_one boolean primary key default true check (only_one),
       term bigint not null check (term > 0)
     )`,
    // Held until the end of the transaction: those of two leaders never overlap.
    `create function hold_term(mine bigint) returns bigint
       language sql set search_path = tenantbot, pg_temp as $$
         insert into leader_term as held (term) values (coalesce(mine, 1))
         on conflict (only_one)
           do update set term = greatest(held.term, coalesce(mine, held.term + 1))
         returning term
       $$`,

    `select set_config('tenantbot.namespaces', '*', true)`,
    `alter table audit_log rename to audit_log_whole`,
    `alter index audit_log_pkey rename to audit_log_whole_pkey`,
    `alter index audit_log_namespace_at rename to audit_log_whole_namespace_at`,
    `create table audit_log (
       at timestamptz not null default now() check (isfinite(at)),
       id uuid not null default gen_random_uuid(),
       actor text not null check (length(actor) between 1 and 256),
       action text not null check (length(action) between 1 and 64),
       namespace text check (length(namespace) between 1 and 63),
       object text check (length(object) between 1 and 253),
       detail jsonb check (length(detail::text) <= 4096),
       primary key (at, id)
     ) partition by range (at)`,
    `create index audit_log_namespace_at on audit_log (namespace, at)`,
    `create trigger append_only before update or delete or truncate on audit_log
       for each statement execute function refuse_change()`,
    `alter table audit_log enable row level security, force row level security`,
    `create policy namespaces on audit_log using (sees(namespace))`,
    `create function ensure_audit_month(day date) returns void
       language plpgsql set search_path = tenantbot, pg_temp as $$
     declare
       month constant timestamp := date_trunc('month', day::timestamp);
       month_table constant text := 'audit_log_' || to_char(month, 'YYYYMM');
     begin
       perform pg_advisory_xact_lock(hashtextextended('tenantbot.' || month_table, 0));
       if to_regclass(month_table) is not null then
         return;
       end if;
       execute format('create table %I (like audit_log including defaults including constraints)', month_table);
       execute format('alter table %I enable row level security, force row level security', month_table);
       -- Nor can it be emptied from behind.
       execute format('create trigger append_only before update or delete or truncate on %I
         for each statement execute function refuse_change()', month_table);
       execute format('alter table audit_log attach partition %I for values from (%L) to (%L)',
         month_table, month at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
     end $$`,
    `do $$
     declare day date;
     begin
       for day in select current_date union select (at at time zone 'UTC')::date from audit_log_whole loop
         perform ensure_audit_month(day);
       end loop;
     end $$`,
    `insert into audit_log (at, actor, action, namespace, object, detail)
       select at, actor, action, namespace, object, detail from audit_log_whole`,
    `drop table audit_log_whole`,
  ],
};

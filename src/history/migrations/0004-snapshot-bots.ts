import type { Migration } from './migration.ts';

/**
 * That a snapshot is of a bot that is there, and goes with it, is seen to a statement at a time. As a
 * foreign key it was half of what a snapshot costs to write; and since a foreign key is a part of
 * both tables, making or dropping a day had to have the bots' table to itself.
 */
export const SNAPSHOT_BOTS: Migration = {
  number: 4,
  name: 'snapshot bots',
  statements: [
    `alter table health_snapshots drop constraint health_snapshots_bot_fkey`,
    // Taken by those who insert and, alone, by those who delete bots: whoever comes second sees what
    // the first one did.
    `create function snapshot_bots_lock() returns bigint language sql immutable
       return 7310027415928`,
    `create function refuse_strange_snapshots() returns trigger
       language plpgsql set search_path = tenantbot, pg_temp as $$
     begin
       perform pg_advisory_xact_lock_shared(snapshot_bots_lock());
       if exists (select from fresh where not exists (select from bots where id = fresh.bot)) then
         raise exception 'a snapshot violates that it is of a bot that is there'
           using errcode = 'foreign_key_violation';
       end if;
       return null;
     end $$`,
    `create trigger of_a_bot after insert on health_snapshots
       referencing new table as fresh for each statement
       execute function refuse_strange_snapshots()`,
    `create function drop_snapshots_of_bot() returns trigger
       language plpgsql set search_path = tenantbot, pg_temp as $$
     begin
       perform pg_advisory_xact_lock(snapshot_bots_lock());
       delete from health_snapshots where bot = old.id;
       return old;
     end $$`,
    `create trigger with_its_snapshots before delete on bots
       for each row execute function drop_snapshots_of_bot()`,
  ],
};

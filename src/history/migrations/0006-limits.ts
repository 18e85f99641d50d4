import type { Migration } from './migration.ts';

/**
 * How often which address has asked what of the admin API, for as long as that counts. What a crash
 * of the server loses is as good as expired.
 */
export const LIMITS: Migration = {
  number: 6,
  name: 'limits',
  statements: [
    // Its columns and their order are those that rate-limiter-flexible writes; `expire` is in
    // milliseconds since 1970.
    `create unlogged table admin_limits (
       key varchar(255) primary key,
       points integer not null default 0,
       expire bigint
     )`,
    `create index admin_limits_expire on admin_limits (expire)`,
  ],
};

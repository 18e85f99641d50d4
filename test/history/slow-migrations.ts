import type { Migration } from '../../src/history/migrations/migration.ts';

/** Two migrations; the second takes its time between its two tables. */
export const SLOW: readonly Migration[] = [
  { number: 1, name: 'first', statements: ['create table one ()'] },
  {
    number: 2,
    name: 'second',
    statements: ['create table two ()', 'select pg_sleep(0.5)', 'create table three ()'],
  },
];

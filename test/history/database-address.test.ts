import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/history/database-address.ts';
import { errorMessage } from '../../src/lib/errors.ts';
import { Secret } from '../../src/lib/secret.ts';

const parse = (text: string) => parseDatabaseUrl(new Secret(text));
const tls = (text: string) => new URL(parse(text).url.reveal()).searchParams.get('sslmode');

describe('a database URL', () => {
  test('is named without user and password', () => {
    const address = parse('postgresql://me:s3cret@db.example/bots?application_name=x');
    expect(address.place).toBe('bots on db.example:5432');
    expect(inspect(address) + JSON.stringify(address)).not.toContain('s3cret');
    expect(parse('postgres:///bots?host=/run/postgresql').place).toBe('bots on /run/postgresql');
  });

  test('asks for TLS unless the server is on this machine', () => {
    expect(tls('postgres://me@db.example/bots')).toBe('require');
    expect(tls('postgres://me@127.0.0.1/bots')).toBe('disable');
    expect(tls('postgres://me@[::1]/bots')).toBe('disable');
    expect(tls('postgres://me@db.example/bots?sslmode=verify-full')).toBe('verify-full');
    expect(tls('postgres://me@localhost/bots?sslmode=require')).toBe('require');
  });

  test.each([
    ['mysql://me:s3cret@db/bots', 'is not of the form'],
    ['me:s3cret@db/bots', 'is not of the form'],
    ['postgres://me:s3c/ret@db:5432/bots', 'is not of the form'],
    ['postgres://me:s3cret@db/%zz', 'is not of the form'],
    ['postgres:///bots?password=s3cret', 'names no host'],
    ['postgres://me:s3cret@db', 'names no database'],
    ['postgres://me:s3cret@db/bots?sslmode=prefer', 'has an sslmode that is not one of'],
    ['postgres://me:s3cret@db/bots?sslmode=verify-ca', 'needs sslrootcert'],
  ])('%s is refused and not quoted', (text, why) => {
    let message = '';
    try {
      parse(text);
    } catch (error) {
      message = errorMessage(error);
    }
    expect(message).toContain(why);
    expect(message).not.toContain('s3c');
  });
});

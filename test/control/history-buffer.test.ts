import { expect, test } from 'vitest';
import { HistoryBuffer } from '../../src/control/history-buffer.ts';
import { errors, snapshot, transition, usage, verification } from './history-records.ts';

test('changes go first and in order, then what is newest', () => {
  const buffer = new HistoryBuffer(100);
  const records = [
    snapshot(1),
    transition(2),
    usage('sendMessage', 1),
    verification(3),
    snapshot(4),
    transition(5),
    errors('e', 1),
  ];
  for (const record of records) buffer.put(record);
  expect(buffer.take(4)).toEqual([transition(2), transition(5), verification(3), errors('e', 1)]);
  buffer.release();
  expect(buffer.take(4)).toEqual([snapshot(4), usage('sendMessage', 1), snapshot(1)]);
});

test('where there is no room the oldest snapshots give way first, changes of state last', () => {
  const buffer = new HistoryBuffer(2);
  for (const record of [
    transition(1),
    snapshot(2),
    snapshot(3),
    verification(4),
    usage('a', 1),
    transition(5),
    snapshot(6),
    transition(7),
  ]) {
    buffer.put(record);
  }
  expect(buffer.dropped).toEqual({ snapshot: 3, usage: 1, verification: 1, transition: 1 });
  expect(buffer.take(10)).toEqual([transition(5), transition(7)]);
});

test('what was not kept comes again in its place, unless there is a newer count', () => {
  const buffer = new HistoryBuffer(100);
  for (const record of [transition(1), usage('a', 1), usage('b', 1)]) buffer.put(record);
  buffer.take(10);
  for (const record of [transition(2), usage('a', 5)]) buffer.put(record);
  buffer.giveBack();
  expect(buffer.take(10)).toEqual([transition(1), transition(2), usage('a', 5), usage('b', 1)]);
});

test('while closed it takes nothing in, and counts nothing as dropped', () => {
  const buffer = new HistoryBuffer(100);
  buffer.put(snapshot(1));
  buffer.close();
  buffer.put(snapshot(2));
  expect(buffer.waiting).toBe(0);
  buffer.open();
  buffer.put(snapshot(3));
  expect(buffer.take(10)).toEqual([snapshot(3)]);
  expect(buffer.dropped).toEqual({});
});

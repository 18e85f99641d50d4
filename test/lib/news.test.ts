import { expect, it } from 'vitest';
import { News } from '../../src/lib/news.ts';

it('ends every wait when it is told, and those of later only the next time', async () => {
  const news = new News();
  const { signal } = new AbortController();
  const heard: string[] = [];
  const both = ['a', 'b'].map((name) => news.next(signal).then(() => heard.push(name)));
  news.tell();
  await Promise.all(both);
  expect(heard).toEqual(['a', 'b']);

  const later = news.next(signal).then(() => heard.push('later'));
  expect(heard).toEqual(['a', 'b']);
  news.tell();
  await later;
  expect(heard).toEqual(['a', 'b', 'later']);
});

it('waits no longer than its signal', async () => {
  const stop = new AbortController();
  const wait = new News().next(stop.signal);
  stop.abort();
  await wait;
  await new News().next(stop.signal);
});

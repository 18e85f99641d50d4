import { me } from '../me.ts';
import { Heading } from '../parts/heading.tsx';
import { NoHistory } from './no-history.tsx';
import { DaysChoice, UsageOf } from './usage-of.tsx';

/** How all bots that one may see were used. */
export function UsageScreen() {
  return (
    <>
      <Heading title="Usage">
        <span class="spread" />
        <DaysChoice />
      </Heading>
      {me.value?.history ? <UsageOf /> : <NoHistory />}
    </>
  );
}

import { formatDuration, formatTime } from '../lib/format.ts';
import { useNow } from '../lib/use-now.ts';

/** How long ago something was; the exact time when it is pointed at. */
export function TimeAgo({ millis, clockAheadMs = 0 }: { millis: number; clockAheadMs?: number }) {
  const age = useNow() + clockAheadMs - millis;
  return (
    <time dateTime={new Date(millis).toISOString()} title={formatTime(millis, { exact: true })}>
      {age < 1_000 ? 'just now' : `${formatDuration(age)} ago`}
    </time>
  );
}

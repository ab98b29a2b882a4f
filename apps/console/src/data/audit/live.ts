import { useEffect, useState } from 'react';
import { inPlace } from '../../place.ts';
import { gatehouse } from '../../session.ts';
import { eventIds } from './event-ids.ts';

export type FeedState = 'connecting' | 'following' | 'lost';

const AGAIN_MS = 2000;

/**
 * Follows the live feed while `isOn`, and goes on where it broke off: after a lost network, and after the access token of
 * the connection has expired, which `fetch` with the session renews.
 *
 * Not an EventSource: that knows neither the session's renewal nor its own headers.
 */
export function useAuditFeed(isOn: boolean, onRecords: (count: number) => void): FeedState {
  const [state, setState] = useState<FeedState>('connecting');
  useEffect(() => {
    if (!isOn) return;
    const stop = new AbortController();
    void follow(stop.signal, setState, onRecords);
    return () => stop.abort();
  }, [isOn, onRecords]);
  return state;
}

async function follow(
  signal: AbortSignal,
  setState: (state: FeedState) => void,
  onRecords: (count: number) => void,
): Promise<void> {
  let last: string | undefined;
  setState('connecting');
  while (!signal.aborted) {
    try {
      const answer = await gatehouse.fetch(inPlace('/api/v1/audit/live'), {
        headers: { accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) },
        signal,
      });
      if (answer.ok && answer.body !== null) {
        setState('following');
        for await (const ids of eventIds(answer.body)) {
          last = ids.at(-1) ?? last;
          if (ids.length > 0) onRecords(ids.length);
        }
      }
    } catch {
      // The network is lost, or the page is left: the first is tried again, the second ends the loop.
    }
    if (signal.aborted) return;
    setState('lost');
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

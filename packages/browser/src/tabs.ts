import type { Channel, Environment } from './environment.ts';

/**
 * What a tab knows of the session. `at` orders what the tabs know: it is the wall clock, pushed forward where two
 * would be equal, so that the newest one always wins.
 */
export interface Credentials {
  readonly at: number;
  readonly session: 'unknown' | 'live' | 'gone';
  readonly csrfToken: string | null;
  /** Bearer mode only. It is shared with other tabs of this origin in memory and never stored. */
  readonly accessToken: string | null;
}

export type Because = 'renewed' | 'signed-in' | 'signed-out' | 'expired';

type TabMessage =
  | { readonly type: 'told'; readonly credentials: Credentials; readonly because: Because }
  | { readonly type: 'ask'; readonly from: string }
  | { readonly type: 'answer'; readonly to: string; readonly credentials: Credentials };

export interface Tabs {
  /** Runs `work` while no other tab of this client changes the session. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  tell(credentials: Credentials, because: Because): void;
  /** Asks the other tabs what they know; `null` when there are none, or none has seen the session. */
  askOthers(): Promise<Credentials | null>;
  close(): void;
}

interface TabsOptions {
  readonly name: string;
  readonly environment: Environment;
  readonly known: () => Credentials;
  readonly onTold: (credentials: Credentials, because: Because) => void;
}

/** How long a frozen tab may hold up a renewal. A tab that runs answers within a few milliseconds. */
const answerWithin = 200;

export function openTabs({ name, environment, known, onTold }: TabsOptions): Tabs {
  const { locks, wait } = environment;
  const self = tabId();
  const present = `${name}:tab`;
  const waiting = new Set<(credentials: Credentials) => void>();
  const channel: Channel | undefined = environment.openChannel?.(name);
  let leave: () => void = () => {};

  channel?.addEventListener('message', ({ data }) => {
    const message = data as TabMessage;
    if (message.type === 'told') onTold(message.credentials, message.because);
    if (message.type === 'ask')
      channel.postMessage({ type: 'answer', to: message.from, credentials: known() });
    if (message.type === 'answer' && message.to === self)
      for (const hear of waiting) hear(message.credentials);
  });

  // Held for as long as the tab lives, so that the others can count it without asking.
  void locks
    ?.request(present, { mode: 'shared' }, () => new Promise<void>((resolve) => (leave = resolve)))
    .catch(() => {});

  async function countOthers(): Promise<number> {
    if (!locks || !channel) return 0;
    const { held = [] } = await locks.query();
    return held.filter((lock) => lock.name === present).length - 1;
  }

  return {
    alone: async (work) => (locks ? await locks.request(`${name}:session`, work) : work()),
    tell: (credentials, because) => channel?.postMessage({ type: 'told', credentials, because }),
    /*
     * A lock may be granted before the message arrives that the last holder sent: they travel separately. So whoever
     * gets the lock asks, instead of trusting that silence means that nobody renewed.
     */
    askOthers: async () => {
      const others = await countOthers();
      if (others < 1) return null;
      const answers: Credentials[] = [];
      await new Promise<void>((resolve) => {
        const hear = (credentials: Credentials): void => {
          answers.push(credentials);
          if (answers.length >= others) finish();
        };
        const finish = (): void => {
          waiting.delete(hear);
          resolve();
        };
        waiting.add(hear);
        channel?.postMessage({ type: 'ask', from: self });
        void wait(answerWithin).then(finish);
      });
      const newest = answers.sort((a, b) => b.at - a.at)[0];
      return newest && newest.session !== 'unknown' ? newest : null;
    },
    close: () => {
      leave();
      channel?.close();
    },
  };
}

function tabId(): string {
  // Not randomUUID: that one is missing outside secure contexts, where the page still has to say what is wrong.
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('');
}

/** The parts of the browser that the session depends on; tests put their own in place. */
export interface Environment {
  readonly fetch: (input: RequestInfo | URL, init?: RequestInit) => Promise<Response>;
  /** `undefined` outside a secure context: renewal is then shared inside the page only. */
  readonly locks: Pick<LockManager, 'request' | 'query'> | undefined;
  readonly openChannel: ((name: string) => Channel) | undefined;
  readonly now: () => number;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Calls back when the network returns; answers how to stop listening. */
  readonly onOnline: (listener: () => void) => () => void;
  /** The page's own address; `undefined` in a worker without one. */
  readonly pageUrl: string | undefined;
}

export interface Channel {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  close(): void;
}

export function browserEnvironment(): Environment {
  return {
    fetch: (input, init) => globalThis.fetch(input, init),
    locks: globalThis.navigator?.locks,
    openChannel: typeof BroadcastChannel === 'function' ? (name) => new BroadcastChannel(name) : undefined,
    now: Date.now,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    onOnline: (listener) => {
      globalThis.addEventListener?.('online', listener);
      return () => globalThis.removeEventListener?.('online', listener);
    },
    pageUrl: globalThis.location?.href,
  };
}

/** Words for a span: few values, none of which anybody chooses, and never a name, an address, a value of a statement or a secret. */
export type Attributes = Record<string, string | number>;

/** Where a trace goes on elsewhere: in a message that is delivered later. */
export interface TracePlace {
  traceId: string;
  spanId: string;
}

/** The parts of a request in time (OpenTelemetry). Where traces are off, it runs what it is given and nothing else. */
export interface Traces {
  readonly isOn: boolean;
  /** Runs `work` in a span of its own, below whatever runs. */
  span<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T>;
  /** The same for a statement; told are its first word and the table or function, never its values. */
  statement<T>(text: string, work: () => Promise<T>): Promise<T>;
  /** Begins the span of a request whose trace id is settled; `run` is what answers it. */
  request(of: RequestStart, run: () => void): RequestSpan;
  /** Runs `work` in a span that goes on where a request left it; without such a place in no span. */
  goOn<T>(
    place: TracePlace | undefined,
    name: string,
    attributes: Attributes,
    work: () => Promise<T>,
  ): Promise<T>;
  /** Where the present span is, to go on there later. */
  place(): TracePlace | undefined;
  /** Hands over what has been noted. */
  close(): Promise<void>;
}

export interface RequestStart {
  method: string;
  traceId: string;
  /** The caller's span, where the request says one. */
  parentSpanId: string | undefined;
}

export interface RequestSpan {
  /** Runs it inside the span, wherever it was called from. */
  within(run: () => void): void;
  end(of: { route: string; status: number }): void;
}

const NO_SPAN: RequestSpan = { within: (run) => run(), end: () => undefined };

export const NO_TRACES: Traces = {
  isOn: false,
  span: (_name, _attributes, work) => work(),
  statement: (_text, work) => work(),
  request(_of, run) {
    run();
    return NO_SPAN;
  },
  goOn: (_place, _name, _attributes, work) => work(),
  place: () => undefined,
  close: async () => undefined,
};

/** Why a response, or metadata, does not count: for the log and the audit record, and for nobody who signs in. */
export type SamlReason =
  | 'algorithm'
  | 'audience'
  | 'destination'
  | 'encrypted'
  | 'in_response_to'
  | 'issuer'
  | 'recipient'
  | 'replayed'
  | 'signature'
  | 'status'
  | 'structure'
  | 'subject'
  | 'time'
  | 'xml';

/** Thrown in the thread that reads XML, and told to whoever asked it as a plain value. */
export class SamlFault extends Error {
  readonly reason: SamlReason;
  constructor(reason: SamlReason, message: string) {
    // Some of it is what a stranger wrote.
    super(message.slice(0, 300));
    this.reason = reason;
  }
}

export { createOutbox, OUTBOX_PAYLOADS, type Outbox } from './outbox.ts';

/**
 * Gatehouse for Express 5: each route is judged when it was matched, before its first handler.
 *
 * @packageDocumentation
 */
export * from '@gatehouse/sdk';
export { allowWith, callerOf } from './admit.ts';
export { guard } from './guard.ts';

export { HttpError, requestJsonOfOperator, requestTextOfOperator } from './http-client.ts';
export { createOutbound, type Outbound } from './outbound.ts';

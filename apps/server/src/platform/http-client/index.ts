export { HttpError, requestJsonOfOperator, requestTextOfOperator } from './http-client.ts';

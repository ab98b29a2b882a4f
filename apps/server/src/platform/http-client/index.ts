export { HttpError, requestJsonOfOperator } from './http-client.ts';

export { clientAddress } from './client-address.ts';
export { contextOf, type RequestContext } from './context.ts';
export { correlationIdOf } from './correlation.ts';
export { asProblem, installErrorHandling, sendProblem } from './error-handler.ts';
export { installJsonParser } from './json-body.ts';
export { page } from './paging.ts';
export { Problem } from './problem.ts';
export { pageOf, problems } from './responses.ts';
export { installValidation } from './validation.ts';

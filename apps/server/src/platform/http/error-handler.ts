import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DatabaseUnavailable } from '../database/index.ts';
import { Problem, toDocument } from './problem.ts';

/** Recovery: whatever is thrown becomes problem details with a stable code; what is not ours to explain is logged, not told. */
export function installErrorHandling(
  app: FastifyInstance,
  sendNotFoundPage: (reply: FastifyReply) => FastifyReply,
): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = asProblem(error);
    // The watch has told the cause, once; a line for each request would be thousands.
    if (error instanceof DatabaseUnavailable) request.log.debug({ err: error }, 'refused: no database');
    else if (problem.status >= 500)
      request.log.error({ err: error.cause ?? error, code: problem.code }, 'the request failed');
    return sendProblem(request, reply, problem);
  });
  app.setNotFoundHandler((request, reply) =>
    isForPerson(request)
      ? sendNotFoundPage(reply.code(404))
      : sendProblem(
          request,
          reply,
          new Problem('route.not_found', { detail: 'Look at /openapi.json for what there is.' }),
        ),
  );
}

/** A browser that goes to an address, which asks for a page first of all; no program. */
const isForPerson = ({ method, url, headers }: FastifyRequest): boolean =>
  method === 'GET' && !url.startsWith('/api/') && headers.accept?.startsWith('text/html') === true;

export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem) {
  const { retryAfter, headers } = problem.options;
  if (retryAfter !== undefined) reply.header('retry-after', Math.max(1, Math.ceil(retryAfter)));
  if (headers) reply.headers(headers);
  if (problem.status === 401 && !reply.hasHeader('www-authenticate'))
    reply.header('www-authenticate', 'Bearer');
  return reply
    .code(problem.status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(toDocument(problem, request.id));
}

export function asProblem(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DatabaseUnavailable) {
    return new Problem('service.unavailable', {
      detail: 'The database does not answer; try again shortly.',
      retryAfter: 2,
      cause: error,
    });
  }
  if (error.validation) return invalid(error);
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('request.unsupported_media_type', { detail: 'Send the body as application/json.' });
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('request.too_large');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new Problem('request.malformed', {
        detail: 'The body is empty or does not have the length it announces.',
      });
    default:
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new Problem('request.malformed', { detail: 'The request could not be read.' });
  }
  return new Problem('service.fault', {
    detail: 'Tell your operator the correlation id of this answer.',
    cause: error,
  });
}

function invalid(error: FastifyError): Problem {
  const where = error.validationContext ?? 'body';
  const errors = (error.validation ?? []).slice(0, 20).map((fault) => ({
    path: pathOf(where, fault.instancePath, fault.params),
    // SECURITY: the keyword's own words, never the value that failed.
    message: (fault.message ?? 'is not valid').slice(0, 200),
  }));
  const first = errors[0];
  return new Problem('request.invalid', {
    detail: first
      ? `${first.path} ${first.message}.`
      : 'The request does not have the form that this operation takes.',
    errors,
  });
}

function pathOf(where: string, instancePath: string, params: Record<string, unknown>): string {
  const named = params.additionalProperty ?? params.missingProperty;
  const tail = typeof named === 'string' ? `/${named.slice(0, 64)}` : '';
  return `${where}${instancePath}${tail}`;
}

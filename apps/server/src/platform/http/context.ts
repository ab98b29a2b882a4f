import type { FastifyRequest } from 'fastify';

/** What an act needs to know of the request that asked for it: it goes into records, logs and mail. */
export interface RequestContext {
  readonly correlationId: string;
  readonly ip: string;
  readonly userAgent: string;
}

export const contextOf = (request: FastifyRequest): RequestContext => ({
  correlationId: request.id,
  ip: request.clientAddress,
  userAgent: (request.headers['user-agent'] ?? '').slice(0, 400),
});

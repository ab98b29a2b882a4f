import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { entityTagOf, hasEntityTag } from '../../platform/http/index.ts';

/** The description as it is sent: put into words, packed and hashed once, since it stays the same while the process runs. */
export interface PreparedDocument {
  json: Buffer;
  gzipped: Buffer;
  etag: string;
}

export async function prepareDocument(document: object): Promise<PreparedDocument> {
  const json = Buffer.from(JSON.stringify(document));
  return { json, gzipped: await promisify(gzip)(json, { level: 9 }), etag: entityTagOf(json) };
}

/** Answers with the document, packed for whoever takes it so, or with 304 for whoever has it already (RFC 9110, 13.1.2). */
export function sendDocument(request: FastifyRequest, reply: FastifyReply, document: PreparedDocument) {
  reply.headers({ 'cache-control': 'no-cache', etag: document.etag, vary: 'accept-encoding' });
  if (hasEntityTag(request.headers['if-none-match'], document.etag)) return reply.code(304).send();
  reply.type('application/json; charset=utf-8');
  return takesGzip(request.headers['accept-encoding'])
    ? reply.header('content-encoding', 'gzip').send(document.gzipped)
    : reply.send(document.json);
}

const takesGzip = (header: string | undefined): boolean =>
  (header ?? '')
    .split(',')
    .some((coding) => /^(gzip|\*)\s*(;\s*q=(1|0\.[0-9]*[1-9])[0-9.]*)?$/i.test(coding.trim()));

import fastJsonStringify, { type Schema } from 'fast-json-stringify';
import type { FastifyInstance } from 'fastify';
import { compiledOnce } from './compiled-once.ts';

// What is sent is not judged by its format again; without this the serialiser would say that it does not know one.
const FORMATS = { 'idn-email': true, bcp47: true, 'iana-time-zone': true } as const;

const compile = compiledOnce((schema) => fastJsonStringify(schema as Schema, { ajv: { formats: FORMATS } }));

/** Answers hold what their schema declares and nothing else. */
export function installSerialization(app: FastifyInstance): void {
  app.setSerializerCompiler<object>(({ schema }) => compile(schema));
}

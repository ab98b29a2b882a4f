/**
 * Gatehouse for Fastify: a plugin that judges each request on the route that was matched, before its body is read.
 *
 * @packageDocumentation
 */
export * from '@gatehouse/sdk';
export { callerOf, gatehousePlugin, type GatehousePluginOptions, narrow } from './plugin.ts';

// What Fastify answers when it has nothing to do: the ceiling of this machine and this load driver.
import fastify from 'fastify';

const app = fastify();
app.get('/', {
  schema: { response: { 200: { type: 'object', properties: { hello: { type: 'string' } } } } },
  handler: async () => ({ hello: 'world' }),
});
await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });

import { createGatehouse, GatehouseModule } from '@gatehouse/nestjs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InvoicesController, ServiceController } from './controllers.js';

const { GATEHOUSE_ISSUER = 'http://localhost:4000', GATEHOUSE_TOKEN, PORT = '8080' } = process.env;

const gatehouse = createGatehouse({
  issuer: GATEHOUSE_ISSUER,
  // A service of the platform serves everybody; one of a single tenant names its id here.
  tenants: 'all',
  onFault: console.error,
  ...(GATEHOUSE_TOKEN !== undefined && { credentials: () => GATEHOUSE_TOKEN }),
});

@Module({
  imports: [GatehouseModule.forRoot({ gatehouse })],
  controllers: [ServiceController, InvoicesController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: false });
app.enableShutdownHooks();
await app.listen(PORT, '127.0.0.1');
console.log(await app.getUrl());

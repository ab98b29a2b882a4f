import { type Caller, CurrentUser, Permissions, Public, Roles, StepUp } from '@gatehouse/nestjs';
import { Controller, Get, NotFoundException, Param, Post } from '@nestjs/common';

/** Invoices of two tenants; a real service has a database, and looks everything up by the tenant as well. */
const invoices = [
  { id: 'i-1', tenantId: 'tenant-1', total: 1200 },
  { id: 'i-2', tenantId: 'tenant-2', total: 99 },
];

@Controller()
export class ServiceController {
  @Get('healthz')
  @Public('the load balancer asks here')
  healthz() {
    return { ok: true };
  }

  // Says nothing, and so takes any signed-in caller.
  @Get('me')
  me(@CurrentUser() caller: Caller) {
    return { id: caller.id, tenantId: caller.tenantId, roles: caller.roles };
  }
}

@Controller('invoices')
@Permissions('invoices:read')
export class InvoicesController {
  @Get()
  list(@CurrentUser('tenantId') of: string) {
    return invoices.filter(({ tenantId }) => tenantId === of);
  }

  @Post(':id/void')
  @Roles('FINANCE_MANAGER')
  @Permissions('invoices:void')
  @StepUp({ maxAge: 600 })
  void(@Param('id') wanted: string, @CurrentUser('tenantId') of: string) {
    const found = invoices.find(({ id, tenantId }) => id === wanted && tenantId === of);
    if (found === undefined) throw new NotFoundException();
    return { ...found, total: 0 };
  }
}

import type { Resource } from './resource.js';

/** The most characters of the column `name`, in the entity, its DTOs and the migration alike. */
const NAME_LENGTH = 100;

export function entity({ entity: { pascal }, table }: Resource): string {
  return `import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity('${table}')
export class ${pascal} {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ length: ${NAME_LENGTH} })
  name!: string;
}
`;
}

export function createDto({ entity: { pascal } }: Resource): string {
  return `import { IsString, Length } from 'class-validator';

export class Create${pascal}Dto {
  @IsString()
  @Length(1, ${NAME_LENGTH})
  name!: string;
}
`;
}

export function updateDto({ entity: { pascal } }: Resource): string {
  return `import { IsOptional, IsString, Length } from 'class-validator';

export class Update${pascal}Dto {
  @IsOptional()
  @IsString()
  @Length(1, ${NAME_LENGTH})
  name?: string;
}
`;
}

export function service(resource: Resource): string {
  const { entity: one, name } = resource;
  const file = resource.file('service');
  return `import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
${resource.import(`Create${one.pascal}Dto`, resource.createDtoFile, file)}
${resource.import(`Update${one.pascal}Dto`, resource.updateDtoFile, file)}
${resource.import(one.pascal, resource.entityFile, file)}

/** Works on the rows of whichever tenant the running code is for. */
@Injectable()
export class ${name.pascal}Service {
  constructor(
    @InjectRepository(${one.pascal})
    private readonly ${name.plural.camel}: Repository<${one.pascal}>,
  ) {}

  create(input: Create${one.pascal}Dto): Promise<${one.pascal}> {
    return this.${name.plural.camel}.save(this.${name.plural.camel}.create(input));
  }

  findAll(): Promise<${one.pascal}[]> {
    return this.${name.plural.camel}.find();
  }

  async findOne(id: number): Promise<${one.pascal}> {
    const found = await this.${name.plural.camel}.findOneBy({ id });
    if (!found) throw new NotFoundException(\`There is no ${one.spoken} \${id}\`);
    return found;
  }

  async update(id: number, change: Update${one.pascal}Dto): Promise<${one.pascal}> {
    const found = await this.findOne(id);
    return this.${name.plural.camel}.save(this.${name.plural.camel}.merge(found, change));
  }

  async remove(id: number): Promise<void> {
    await this.${name.plural.camel}.remove(await this.findOne(id));
  }
}
`;
}

export function controller(resource: Resource): string {
  const { entity: one, name } = resource;
  const file = resource.file('controller');
  const injected = `${name.camel}Service`;
  return `import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpStatus,
  Param,
  ParseIntPipe,
  Patch,
  Post,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
${resource.import(`Create${one.pascal}Dto`, resource.createDtoFile, file)}
${resource.import(`Update${one.pascal}Dto`, resource.updateDtoFile, file)}
${resource.import(one.pascal, resource.entityFile, file)}
${resource.import(`${name.pascal}Service`, resource.file('service'), file)}

@Controller('${name.dashed}')
@UsePipes(new ValidationPipe({ whitelist: true, transform: true }))
export class ${name.pascal}Controller {
  constructor(private readonly ${injected}: ${name.pascal}Service) {}

  @Post()
  create(@Body() input: Create${one.pascal}Dto): Promise<${one.pascal}> {
    return this.${injected}.create(input);
  }

  @Get()
  findAll(): Promise<${one.pascal}[]> {
    return this.${injected}.findAll();
  }

  @Get(':id')
  findOne(@Param('id', ParseIntPipe) id: number): Promise<${one.pascal}> {
    return this.${injected}.findOne(id);
  }

  @Patch(':id')
  update(
    @Param('id', ParseIntPipe) id: number,
    @Body() change: Update${one.pascal}Dto,
  ): Promise<${one.pascal}> {
    return this.${injected}.update(id, change);
  }

  @Delete(':id')
  @HttpCode(HttpStatus.NO_CONTENT)
  remove(@Param('id', ParseIntPipe) id: number): Promise<void> {
    return this.${injected}.remove(id);
  }
}
`;
}

export function module(resource: Resource): string {
  const { entity: one, name } = resource;
  const file = resource.file('module');
  return `import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
${resource.import(one.pascal, resource.entityFile, file)}
${resource.import(`${name.pascal}Controller`, resource.file('controller'), file)}
${resource.import(`${name.pascal}Service`, resource.file('service'), file)}

@Module({
  imports: [TypeOrmModule.forFeature([${one.pascal}])],
  controllers: [${name.pascal}Controller],
  providers: [${name.pascal}Service],
  exports: [${name.pascal}Service],
})
export class ${name.pascal}Module {}
`;
}

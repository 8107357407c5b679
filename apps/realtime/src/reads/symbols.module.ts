import { Module } from '@nestjs/common';
import { SymbolsService } from './symbols.service.js';

@Module({ providers: [SymbolsService], exports: [SymbolsService] })
export class SymbolsModule {}

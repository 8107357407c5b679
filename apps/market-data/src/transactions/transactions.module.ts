import { Module } from '@nestjs/common';
import { IngestTransactions } from './ingest-transactions.js';

@Module({ providers: [IngestTransactions], exports: [IngestTransactions] })
export class TransactionsModule {}

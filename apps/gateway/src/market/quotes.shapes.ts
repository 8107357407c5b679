import { Quote } from '@mystocks/contracts';
import { IsListOf, IsShapes } from '@mystocks/validation';

/** A batch of quotes as it is documented. */
export class QuotesBody {
  @IsShapes(Quote, 1, 1_000) readonly quotes!: Quote[];
}

/** A batch of quotes as it is checked here: each quote is checked by the owning service, and refused alone. */
export class QuotesList {
  @IsListOf({ name: 'quotes', test: () => true }, 1_000) readonly quotes!: unknown[];
}

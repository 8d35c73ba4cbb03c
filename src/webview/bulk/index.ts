import '../kit/base.css';
import '../kit/form.css';
import '../kit/bulk-sheet.css';
import { mount } from '../kit/page';
import { BulkTab } from './bulk-tab';

mount('jq-bulk', BulkTab);

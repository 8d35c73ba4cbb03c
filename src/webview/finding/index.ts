import '../kit/base.css';
import './finding.css';
import { mount } from '../kit/page';
import { FindingTab } from './finding-tab';

mount('jq-finding', FindingTab);

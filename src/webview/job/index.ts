import '../kit/base.css';
import './job.css';
import { mount } from '../kit/page';
import { JobPanel } from './job-panel';

mount('jq-job', JobPanel);

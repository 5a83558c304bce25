//! `crossfoot.v1.FormService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::call::Call;
use super::convert::{at_from_pb, count, family_from_pb, year_from_pb};
use super::status::from_submit;
use crate::domain::access::Subject;
use crate::form::{Cell, Form, Indicator};
use crate::ingest::{Desk, SubmitError};
use crate::pb::crossfoot::v1::form_service_server::FormService;
use crate::pb::crossfoot::v1::{self as pb};

/// The service.
#[derive(Debug)]
pub(super) struct Forms {
    pub(super) desk: Arc<Desk>,
}

#[tonic::async_trait]
impl FormService for Forms {
    async fn list_forms(
        &self,
        request: Request<pb::ListFormsRequest>,
    ) -> Result<Response<pb::ListFormsResponse>, Status> {
        let (call, pb::ListFormsRequest { at_position }) = Call::open(request)?;
        call.may(Subject::NoUnit)?;
        let at = at_from_pb(at_position)?;
        let (position, forms) = self.desk.forms(at).map_err(|error| from_submit(&error))?;
        let forms = forms.iter().map(summary).collect();
        Ok(Response::new(pb::ListFormsResponse { forms, position: count(position.0) }))
    }

    async fn get_form(&self, request: Request<pb::GetFormRequest>) -> Result<Response<pb::GetFormResponse>, Status> {
        let (call, pb::GetFormRequest { name, family, year, at_position }) = Call::open(request)?;
        call.may(Subject::NoUnit)?;
        let at = at_from_pb(at_position)?;
        let (position, forms) = self.desk.forms(at).map_err(|error| from_submit(&error))?;
        let form = if name.is_empty() {
            let year = year_from_pb(year)?;
            let family = self.desk.family(family_from_pb(&family)?, year, at).map_err(|error| from_submit(&error))?;
            forms.iter().find(|form| *form.family() == family && form.covers(year))
        } else {
            forms.iter().find(|form| form.name() == name)
        };
        let form = form.ok_or_else(|| from_submit(&SubmitError::UnknownForm(name)))?;
        Ok(Response::new(pb::GetFormResponse {
            summary: Some(summary(form)),
            cells: form.cells().iter().map(cell).collect(),
            rules: rules(form),
            descriptor_set: form.descriptor_set().to_vec(),
            derived: form.derived().iter().map(derived).collect(),
            position: count(position.0),
        }))
    }
}

fn derived(indicator: &Indicator) -> pb::FormDerived {
    pb::FormDerived {
        id: indicator.id.clone(),
        label_zh: indicator.label_zh.clone(),
        label_en: indicator.label_en.clone(),
    }
}

fn summary(form: &Arc<Form>) -> pb::FormSummary {
    let ((first, last), (title_zh, title_en, _)) = (form.years(), form.title());
    pb::FormSummary {
        name: form.name().to_owned(),
        family: form.family().to_string(),
        first_year: first.get().into(),
        last_year: last.map_or(0, |last| last.get().into()),
        title_zh: title_zh.to_owned(),
        title_en: title_en.to_owned(),
        form_digest: form.form_digest().to_string(),
        rules_digest: form.rules_digest().to_string(),
    }
}

fn cell(cell: &Cell) -> pb::FormCell {
    pb::FormCell {
        path: cell.path.clone(),
        label_zh: cell.label_zh.clone(),
        label_en: cell.label_en.clone(),
        unit: cell.unit.clone(),
        scale: i32::try_from(cell.scale).unwrap_or_default(),
        unit_zh: cell.unit_zh.clone(),
        unit_en: cell.unit_en.clone(),
        max: cell.max,
        stock: cell.stock,
        required: cell.required,
        basis: cell.basis.clone(),
    }
}

fn rules(form: &Form) -> Vec<pb::FormRule> {
    let names = form.check_names();
    let instances = |id: &str| -> Vec<String> {
        let of_rule = names.iter().filter_map(|name| name.split_once(' ')).filter(|(rule, _)| *rule == id);
        of_rule.map(|(_, instance)| instance.to_owned()).collect()
    };
    form.rules()
        .iter()
        .map(|rule| pb::FormRule {
            id: rule.id.clone(),
            severity: rule.severity.name().to_owned(),
            label_zh: rule.label_zh.clone(),
            label_en: rule.label_en.clone(),
            basis: rule.basis.clone(),
            instances: instances(&rule.id),
        })
        .collect()
}

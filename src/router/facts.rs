//! What a router knows of a request before it begins: made once for each line of a workload.

use std::collections::BTreeMap;

use crate::router::label::question;
use crate::router::lineup::{Choice, Lane, Overflow, Sending};
use crate::router::pieces::Pieces;
use crate::router::shared::Router;
use crate::workload::{Prompt, Request, Rest, prompt_tokens, prompt_tokens_at_most};

/// What a routing table needs to know of one request, and the bodies that can be made beforehand.
#[derive(Debug)]
pub struct Facts {
    /// The recorded tier, 0 to 4; absent: none is.
    pub tier: Option<u8>,
    /// The recorded tier, where it is taken for right.
    pub(super) label: Option<u8>,
    /// Where it came from, as an index into the registry's regions; absent: not recorded, or not one of them.
    pub origin: Option<usize>,
    /// Images of its prompt.
    pub images: u32,
    /// Tokens of its prompt: counted, or as many as its bytes allow where that is within every window.
    pub tokens: u64,
    /// Routes that may take it: the last whatever its tier is, if its tier is not asked for; see `Router::in_question`.
    pub(super) routes: Vec<usize>,
    /// The body behind its opening for each of the lineup's overlays; absent where no route that may take it needs it.
    rests: Vec<Option<Rest>>,
    /// What the classifier is asked; absent where nothing depends on the tier, or it is recorded and trusted.
    pub(super) question: Option<Rest>,
    /// By route: the pieces of a prompt that overflows it. A route that overflows and is not here has no room for any.
    pub(super) pieces: BTreeMap<usize, Pieces>,
}

impl Facts {
    pub(super) fn new(router: &Router, workload: &str, request: &Request) -> Self {
        let lineup = &router.lineup;
        let images = match &request.prompt {
            Prompt::Body(body) => body.images,
            Prompt::Lengths(_) => 0,
        };
        let tier = request.expect.as_ref().and_then(|expect| expect.tier);
        let routes = router.in_question(request.class.as_deref(), images > 0);
        let mut rests = vec![None; lineup.overlays.len()];
        for sending in routes.iter().filter_map(|route| sending(&lineup.lanes[*route])) {
            rests[sending.overlay]
                .get_or_insert_with(|| Rest::new(workload, request, &lineup.overlays[sending.overlay]));
        }
        let depends = routes.iter().any(|route| router.table.routes[*route].matches.tier.is_some());
        let is_right = router.setting.trust_tiers || router.table.classifier.is_none();
        let label = tier.filter(|_| is_right);
        let classifier = router.table.classifier.as_ref().filter(|_| depends && label.is_none());
        let mut facts = Self {
            tier,
            label,
            origin: request.origin.as_deref().and_then(|origin| router.region(origin)),
            images,
            tokens: prompt_tokens_at_most(&request.prompt),
            routes,
            rests,
            question: classifier.map(|classifier| question(classifier, workload, request)),
            pieces: BTreeMap::new(),
        };
        if facts.may_overflow(router) {
            facts.tokens = prompt_tokens(&request.prompt);
            facts.cut(router, workload, request);
        }
        facts
    }

    /// The body that a route sends, behind its opening.
    pub(super) fn rest(&self, sending: &Sending) -> &Rest {
        self.rests[sending.overlay].as_ref().expect("it was made for every route that may take the request")
    }

    /// Whether the model of `choice` reads the request's images.
    pub(super) fn is_seen_by(&self, choice: &Choice) -> bool {
        self.images == 0 || choice.sees
    }

    /// Whether prompt and answer fit the window of `choice`. An answer without a limit ends where the window does, so it
    /// rules nothing out; nor does an unknown window.
    pub(super) fn fits(&self, sending: &Sending, choice: &Choice) -> bool {
        let answer = self.rest(sending).max_tokens.unwrap_or(0);
        choice.context.is_none_or(|window| self.tokens.saturating_add(answer) <= window)
    }

    /// Whether the prompt, as large as its bytes allow, is over any window that it may come to.
    fn may_overflow(&self, router: &Router) -> bool {
        let sendings = self.routes.iter().filter_map(|route| sending(&router.lineup.lanes[*route]));
        let mut choices = sendings.flat_map(|sending| all_of(sending).map(move |choice| (sending, choice)));
        choices.any(|(sending, choice)| !self.fits(sending, choice))
    }

    /// Cuts the prompt for each route that it overflows and that wants that.
    fn cut(&mut self, router: &Router, workload: &str, request: &Request) {
        for index in self.routes.clone() {
            let Some(sending) = sending(&router.lineup.lanes[index]) else { continue };
            let Overflow::Chunk(choice) = &sending.overflow else { continue };
            let (Some(window), false) = (choice.context, self.fits(sending, choice)) else { continue };
            let overlay = &router.lineup.overlays[sending.overlay];
            if let Some(pieces) = Pieces::new(workload, request, overlay, window) {
                self.pieces.insert(index, pieces);
            }
        }
    }
}

pub(super) fn sending(lane: &Lane) -> Option<&Sending> {
    match lane {
        Lane::HandOff { .. } => None,
        Lane::Send(sending) => Some(sending),
    }
}

/// Every model that the route may call for an answer.
fn all_of(sending: &Sending) -> impl Iterator<Item = &Choice> {
    let further = match &sending.overflow {
        Overflow::Reject => None,
        Overflow::Escalate(choice) | Overflow::Chunk(choice) => Some(choice),
    };
    sending.primary.iter().chain(&sending.fallback).chain(further)
}
